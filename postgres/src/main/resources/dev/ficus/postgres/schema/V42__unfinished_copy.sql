comment on table ficus.table_copy is 'tables that a stream has yet to copy, at first or anew: a row goes with the commit that finishes its table';
