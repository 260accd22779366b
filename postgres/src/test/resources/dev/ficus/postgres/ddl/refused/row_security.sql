-- tables: public.a
-- expect: table public.a has row security
create table public.a (id int primary key); alter table public.a enable row level security;
