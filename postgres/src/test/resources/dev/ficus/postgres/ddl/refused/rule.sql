-- tables: public.a
-- expect: table public.a has rewrite rules
create table public.a (id int primary key); create rule r as on delete to public.a do instead nothing;
