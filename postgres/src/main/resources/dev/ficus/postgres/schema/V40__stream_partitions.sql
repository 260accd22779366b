-- How many partitions the topic of a stream over Kafka has, and how far each of them is read: partition 0 first.
alter table ficus.stream add partitions int not null default 1 check (partitions between 1 and 64);
comment on column ficus.stream.partitions is 'of its topic, where it travels over Kafka; fixed when it is asked for';

alter table ficus.stream_topic add next_offsets bigint[];
update ficus.stream_topic set next_offsets = array[next_offset];
alter table ficus.stream_topic alter next_offsets set not null, drop next_offset;
comment on column ficus.stream_topic.next_offsets is 'for each partition the offset that follows the last record applied';
