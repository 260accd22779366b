comment on column ficus.stream_watch.throttle_reason is 'while it is set and the stream runs, copies of other streams into this database pause';
