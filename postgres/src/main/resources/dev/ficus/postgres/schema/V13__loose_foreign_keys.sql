-- Loose foreign keys whose children or parents this database may have: what streams do here with deleted parents.
create table ficus.loose_foreign_key (
    name           text primary key,
    child_group    text not null,
    child_schema   text not null,
    child_table    text not null,
    child_columns  text[] not null,
    parent_schema  text not null,
    parent_table   text not null,
    parent_columns text[] not null,
    on_delete      text not null check (on_delete in ('cascade', 'nullify', 'restrict-report'))
);
create index loose_foreign_key_parent on ficus.loose_foreign_key (parent_schema, parent_table);

-- Parents whose deletion a stream has brought: until it is carried to the children, and for good where a person has to decide.
create table ficus.deleted_parent (
    loose_foreign_key text not null references ficus.loose_foreign_key on delete cascade,
    parent_key        text not null,
    moved             boolean not null default false,
    noted_at          timestamptz not null default clock_timestamp(),
    reported_at       timestamptz,
    children          bigint,
    failure           text,
    primary key (loose_foreign_key, parent_key)
);
comment on column ficus.deleted_parent.parent_key is 'jsonb_build_array of the key''s columns, as text, in key order; never another value of the row';
comment on column ficus.deleted_parent.moved is 'the parent was not deleted: its key was changed';
comment on column ficus.deleted_parent.reported_at is 'since when a person has to decide what becomes of the children';
create index deleted_parent_open on ficus.deleted_parent (loose_foreign_key, noted_at) where reported_at is null;
