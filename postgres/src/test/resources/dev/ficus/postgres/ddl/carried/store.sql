-- tables: public.users, public.orders, public.order_items
create type public.order_status as enum ('new', 'paid', 'it''s sent');
create domain public.email as text collate "C" check (value ~ '^[^@]+@[^@]+$') check (length(value) < 200);
create domain public.work_email as public.email default 'none@example.org' not null;
comment on type public.order_status is 'where an order stands; it''s simple';
comment on domain public.email is 'an address';
create function public.touch() returns trigger language plpgsql as $$
begin
    new.updated_at := clock_timestamp();
    return new;
end
$$;
comment on function public.touch() is 'keeps updated_at';
create function public.tax(amount numeric, rate numeric default 0.19) returns numeric language sql immutable strict parallel safe as 'select round(amount * rate, 2)';
create function public.half(amount numeric) returns numeric language sql immutable return amount / 2;
create table public.users (
    id bigint generated always as identity (start with 1000 increment by 5 cache 20) primary key,
    mail public.email unique,
    work public.work_email,
    name varchar(80) collate "C" not null default 'no name',
    tags text[] not null default '{}',
    states public.order_status[],
    born date, seen timestamptz(3) not null default now(), pause interval, raw bytea, u uuid default gen_random_uuid(), bits varbit(8), ip inet,
    r int4range, c name, ch char(3), price real, d double precision, t time(0), ts timestamp,
    constraint "name isn't empty" check (name <> '')
) with (fillfactor = 80, autovacuum_enabled = false);
create table public.orders (
    id serial primary key,
    user_id bigint not null references public.users (id) on delete cascade deferrable initially deferred,
    parent int references public.orders (id) on update cascade on delete set null,
    status public.order_status not null default 'new',
    total numeric(12,2) not null default 0 check (total >= 0) no inherit,
    gross numeric generated always as (total + public.tax(total)) stored,
    doc jsonb not null default '{"a": [1, "x"]}',
    business_key text not null,
    updated_at timestamptz,
    constraint orders_business_key unique (user_id, business_key) include (status)
);
alter table public.orders add constraint later check (public.half(total) < 1e9) not valid;
alter index public.orders_business_key set (fillfactor = 70);
create index orders_open on public.orders (updated_at desc nulls last) where status <> 'paid';
create index orders_lower on public.orders (lower(business_key) text_pattern_ops, (doc ->> 'a')) include (total);
create index orders_doc on public.orders using gin (doc jsonb_path_ops);
create index orders_tax on public.orders (public.tax(total));
create statistics public.orders_stats (dependencies, ndistinct) on user_id, status from public.orders;
create trigger touch before update of total, status on public.orders for each row when (old.total is distinct from new.total) execute function public.touch();
create trigger asleep after insert on public.orders referencing new table as added for each statement execute function public.touch();
alter table public.orders disable trigger asleep;
create trigger always before insert on public.orders for each row execute function public.touch();
alter table public.orders enable always trigger always;
alter table public.orders replica identity full;
comment on table public.orders is 'what customers; want
-- on two lines';
comment on column public.orders.total is 'without tax';
comment on constraint later on public.orders is 'soon';
comment on index public.orders_open is 'for the dashboard';
comment on trigger touch on public.orders is 'see touch()';
create table public.order_items (
    order_id int not null,
    line smallint not null,
    product bigint not null,
    dropped int,
    quantity int not null default 1,
    primary key (order_id, line),
    foreign key (order_id) references public.orders (id)
);
alter table public.order_items drop column dropped;
alter table public.order_items alter quantity set statistics 500;
alter table public.orders alter doc set storage external, alter business_key set compression pglz;
