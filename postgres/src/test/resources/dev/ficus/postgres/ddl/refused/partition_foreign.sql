-- tables: public.a
-- expect: table public.p is a foreign table
create foreign data wrapper elsewhere; create server s foreign data wrapper elsewhere;
create table public.a (id int not null) partition by range (id); create foreign table public.p partition of public.a for values from (0) to (9) server s;
