-- tables: public.a
-- expect: uses collation public.mine
create collation public.mine (provider = icu, locale = 'und'); create table public.a (id int primary key, t text collate public.mine);
