comment on column ficus.stream_shape.accepted is 'notices up to here are settled: an operator has accepted what they tell of, or it was carried on';
