-- Tables that a running stream is to copy anew, each from a snapshot of its own: a row goes with the commit that ends its copy.
create table ficus.table_copy (
    stream           text not null,
    source_schema    text not null,
    source_table     text not null,
    consistent_point pg_lsn,
    requested_at     timestamptz not null default clock_timestamp(),
    primary key (stream, source_schema, source_table),
    foreign key (stream, source_schema, source_table) references ficus.stream_table on delete cascade
);
comment on column ficus.table_copy.consistent_point is 'the snapshot that is being copied; only its own workers may commit';
