-- tables: public.a
-- expect: uses function public.apart(double precision,double precision)
create function public.apart(float8, float8) returns float8 language sql immutable as 'select $1 - $2'; create type public.r as range (subtype = float8, subtype_diff = public.apart); create table public.a (id int primary key, p public.r);
