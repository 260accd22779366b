-- tables: public.v
-- expect: table public.v is not a table
create view public.v as select 1 as id;
