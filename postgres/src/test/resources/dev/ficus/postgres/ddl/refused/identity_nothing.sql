-- tables: public.a
-- expect: table public.a has no identity
create table public.a (id int primary key); alter table public.a replica identity nothing;
