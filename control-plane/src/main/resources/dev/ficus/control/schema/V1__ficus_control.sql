-- The control store: what only the control plane touches. Flyway runs this with the schema "ficus_control" as its default.

-- One row a group: the truth about its phase. The routes inside the databases are published from it.
create table ficus_control.migration_group (
    name              text primary key,
    service           text not null,
    phase             text not null,
    came_from         text not null,
    settled           boolean not null default true,
    epoch             bigint not null check (epoch >= 1),
    route_version     bigint not null check (route_version >= 1),
    read_percentage   int not null check (read_percentage between 0 and 100),
    shadow_percentage int not null check (shadow_percentage between 0 and 100),
    kill_switch       boolean not null,
    phase_since       timestamptz not null default clock_timestamp(),
    evidence_since    timestamptz not null default clock_timestamp(),
    tables            text[] not null default '{}'
);
comment on column ficus_control.migration_group.tables is
    'schema and name of each table, one after the other, as the group was provisioned: the manifest must not change them on the way';
comment on column ficus_control.migration_group.settled is
    'false from the decision of a transition until its last step: the next command finishes it';
comment on column ficus_control.migration_group.evidence_since is
    'evidence taken before it says nothing about the copy that is there now';

-- Every command, who asked for it and what came of it.
create table ficus_control.journal (
    id         bigint generated always as identity primary key,
    at         timestamptz not null default clock_timestamp(),
    group_name text not null,
    actor      text not null,
    command    text not null,
    from_phase text not null,
    to_phase   text not null,
    outcome    text not null check (outcome in ('BEGUN', 'DONE', 'REFUSED', 'ABORTED', 'NEEDS_PERSON', 'FAILED')),
    detail     jsonb not null default '{}'
);
create index journal_group on ficus_control.journal (group_name, id);

create function ficus_control.refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception 'ficus_control.% is append-only', tg_table_name;
end
$$;
create trigger append_only before update or delete or truncate on ficus_control.journal
    for each statement execute function ficus_control.refuse_change();

-- What gates are decided on (rule R18).
create table ficus_control.evidence (
    id          bigint generated always as identity primary key,
    group_name  text not null,
    gate        text not null,
    epoch       bigint not null,
    measured_at timestamptz not null default clock_timestamp(),
    measured    bigint not null,
    detail      text not null
);
create index evidence_gate on ficus_control.evidence (group_name, gate, id desc);
create trigger append_only before update or delete or truncate on ficus_control.evidence
    for each statement execute function ficus_control.refuse_change();

create table ficus_control.reconciliation (
    id         bigint generated always as identity primary key,
    group_name text not null,
    epoch      bigint not null,
    at         timestamptz not null default clock_timestamp(),
    verdict    text not null check (verdict in ('CLEAN', 'MISMATCH', 'UNKNOWN')),
    reason     text not null
);
create index reconciliation_group on ficus_control.reconciliation (group_name, id desc);

create table ficus_control.reconciled_table (
    reconciliation bigint not null references ficus_control.reconciliation on delete cascade,
    table_schema   text not null,
    table_name     text not null,
    compared       bigint not null,
    mismatches     bigint not null,
    primary key (reconciliation, table_schema, table_name)
);

-- Confirmed mismatches. The key is kept because a person has to find the row; nothing else of the row is.
create table ficus_control.finding (
    id             bigint generated always as identity primary key,
    reconciliation bigint not null references ficus_control.reconciliation on delete cascade,
    table_schema   text not null,
    table_name     text not null,
    row_key        text not null,
    kind           text not null check (kind in ('MISSING', 'EXTRA', 'DIFFERENT', 'ORPHAN'))
);

-- Foreign keys taken off before a flip (rule R15); they return when both ends are written in the shared database again.
create table ficus_control.released_foreign_key (
    id                 bigint generated always as identity primary key,
    name               text not null,
    referencing_schema text not null,
    referencing_table  text not null,
    referenced_schema  text not null,
    referenced_table   text not null,
    definition         text not null,
    partitioned        boolean not null,
    released_for       text not null,
    released_at        timestamptz not null default clock_timestamp(),
    restored_at        timestamptz
);
create unique index released_foreign_key_once on ficus_control.released_foreign_key (referencing_schema, referencing_table, name)
    where restored_at is null;

-- Write cutovers. Whoever sets decided_at or given_up_at first has decided the flip (rule R13): never both.
create table ficus_control.flip (
    id          bigint generated always as identity primary key,
    group_name  text not null,
    from_phase  text not null,
    to_phase    text not null,
    to_side     text not null check (to_side in ('SHARED', 'SERVICE')),
    epoch       bigint not null check (epoch >= 2),
    begun_at    timestamptz not null default clock_timestamp(),
    closed_at   timestamptz,
    start_lsn   pg_lsn,
    start_system   text,
    start_timeline int,
    decided_at  timestamptz,
    given_up_at timestamptz,
    opened_at   timestamptz,
    finished_at timestamptz,
    check (decided_at is null or given_up_at is null),
    check (decided_at is null or start_lsn is not null)
);
comment on column ficus_control.flip.epoch is 'the epoch that the new write side opens with';
comment on column ficus_control.flip.start_lsn is 'where the stream away from the new write side begins: its slot was advanced to there under the closed fence';
comment on column ficus_control.flip.finished_at is 'when nothing was left to do of a flip that was decided, or to take back of one that was given up';
create unique index flip_one_at_a_time on ficus_control.flip (group_name) where finished_at is null;

-- The tables' counters when they were retired (rule R19): a later reading that is higher means that somebody still uses them.
create table ficus_control.usage_reading (
    group_name     text not null,
    table_schema   text not null,
    table_name     text not null,
    read_at        timestamptz not null,
    counters_reset timestamptz,
    server_started timestamptz not null,
    scans          bigint not null,
    writes         bigint not null,
    primary key (group_name, table_schema, table_name)
);
