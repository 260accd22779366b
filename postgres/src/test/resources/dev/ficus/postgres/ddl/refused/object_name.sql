-- tables: public.a
-- expect: column r of table public.a has type regclass, which cannot be carried exactly: its text is the name of an object
create table public.a (id int primary key, r regclass, g regclass generated always as ('pg_class'::regclass) stored);
