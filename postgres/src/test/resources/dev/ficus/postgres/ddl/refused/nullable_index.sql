-- tables: public.a
-- expect: table public.a has no primary key
create table public.a (id int unique, n int not null); create unique index on public.a (n) where n > 0; alter table public.a replica identity full;
