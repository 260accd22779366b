alter table ficus.stream drop constraint stream_via_check;
alter table ficus.stream add constraint stream_via_check check (via in ('DIRECT', 'KAFKA', 'CONNECT'));

-- How far a stream has read the partitions of topics that Kafka Connect publishes: moved by the very commit that moves the position.
create table ficus.connect_offset (
    stream      text not null references ficus.stream on delete cascade,
    topic       text not null,
    partition   int not null,
    topic_id    text not null,
    next_offset bigint not null,
    primary key (stream, topic, partition)
);
comment on column ficus.connect_offset.topic_id is 'Kafka''s own id: a topic that was made anew under the name has another';
