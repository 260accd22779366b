-- tables: public.owners, public.parts, public.lines
create table public.owners (id int primary key);
create table public.parts (
    id bigserial,
    owner int not null references public.owners,
    at timestamptz not null,
    kind text not null default 'plain' check (kind <> ''),
    big text,
    twice int generated always as (owner * 2) stored,
    primary key (id, at),
    constraint "odd name" unique (at, owner, id)
) partition by range (at);
comment on table public.parts is 'cut by months';
alter table public.parts alter column big set storage external;
create index parts_kind on public.parts (kind);
create function public.stamp() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger stamp before insert on public.parts for each row execute function public.stamp();
create trigger said after insert on public.parts for each statement execute function public.stamp();
create table public.parts_1 partition of public.parts for values from ('2024-01-01 00:00:00+00') to ('2024-02-01 00:00:00+00');
create table public."Parts 2" (kind text not null default 'special' check (kind <> ''), twice int generated always as (owner * 2) stored, big text,
    at timestamptz not null, id bigint not null default nextval('public.parts_id_seq'), owner int not null, primary key (id, at)) with (fillfactor = 80);
alter table public."Parts 2" rename constraint "Parts 2_kind_check" to parts_kind_check;
create index own on public."Parts 2" (owner) where kind = 'special';
create unique index "second unique" on public."Parts 2" (at, owner, id);
alter table public."Parts 2" add constraint "second unique" unique using index "second unique";
alter table public."Parts 2" add constraint sane check (owner > 0);
comment on table public."Parts 2" is 'attached later';
alter table public.parts attach partition public."Parts 2" for values from ('2024-02-01 00:00:00+00') to (maxvalue);
create trigger own before delete on public."Parts 2" for each row execute function public.stamp();
alter table public."Parts 2" disable trigger stamp;
create table public.parts_rest partition of public.parts default partition by range (id);
create table public.parts_rest_a partition of public.parts_rest for values from (minvalue) to (100);
create table public.parts_rest_h partition of public.parts_rest default partition by hash (at, id);
create table public.parts_rest_h0 partition of public.parts_rest_h for values with (modulus 2, remainder 0);
create table public.parts_rest_h1 partition of public.parts_rest_h for values with (modulus 2, remainder 1);
create table public.lines (part bigint, at timestamptz, line int, primary key (part, at, line),
    foreign key (part, at) references public.parts) partition by hash (part);
create table public.lines_0 partition of public.lines for values with (modulus 1, remainder 0);
