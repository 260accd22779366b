-- tables: public.a
-- expect: table public.p has sequence public.p_n_seq of its own, beside those of public.a
create table public.a (id int primary key, n int not null) partition by range (id); create table public.p (id int primary key, n serial);
alter table public.a attach partition public.p for values from (0) to (9);
