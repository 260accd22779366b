-- tables: public.a
-- expect: table public.a has exclusion constraint
create table public.a (id int primary key, r int4range, exclude using gist (r with &&));
