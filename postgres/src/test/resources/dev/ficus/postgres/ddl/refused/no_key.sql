-- tables: public.a
-- expect: table public.a has no primary key
create table public.a (id int);
