-- tables: types.a, types.b
create schema types;
create schema "ext; ension";
create extension if not exists hstore with schema "ext; ension";
create extension if not exists citext with schema public;
create extension if not exists ltree with schema public;
create type types.mood as enum ('a', '$ficus$', 'it''s');
create type types.pair as (x int, "Y y" varchar(9) collate "C", moods types.mood[]);
create domain types.pairs as types.pair[] check (cardinality(value) < 9);
create type types.outer as (p types.pairs, e public.citext, r int4range);
create domain types.outer_domain as types.outer;
create type types.moods as range (subtype = types.mood);
create type types.floats as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = types."Float s");
create type types.words as range (subtype = text, collation = "C");
create domain types.word as types.words not null;
comment on type types.pair is 'two; things';
comment on domain types.pairs is 'more $ficus$';
create table types.a (id int primary key, o types.outer_domain, os types.outer[], f types."Float s", fs types.floats[], m types.moods, w types.word,
    h "ext; ension".hstore default '"a"=>"1"', c public.citext not null unique check (c <> 'none'), l public.ltree,
    q tsquery generated always as ('a & b'::tsquery) stored, t interval(3)[], b bit(3), v timestamp(2) with time zone, d interval day to second);
create index on types.a using gin (h);
create index on types.a using gist (l);
create table types.b (id int not null, code text collate "C" not null, m types.mood, constraint code_key unique (code, id) include (m));
alter table types.b replica identity using index code_key;
