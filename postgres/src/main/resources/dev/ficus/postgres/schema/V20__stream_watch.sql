-- What relays note about streams besides their positions. A row of its own, not columns of ficus.stream: that row is locked by every apply.
create table ficus.stream_watch (
    stream          text primary key references ficus.stream on delete cascade,
    epoch           bigint not null,
    retries         bigint not null default 0,
    last_retry      text,
    retried_at      timestamptz,
    retained_bytes  bigint,
    wal_status      text,
    throttle_reason text
);
comment on column ficus.stream_watch.throttle_reason is 'while it is set, a copy of the stream pauses';
