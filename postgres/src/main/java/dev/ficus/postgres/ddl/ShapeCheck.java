package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Partitions.Member;
import java.sql.SQLException;
import java.util.Map;

/** Refuses tables whose shape Ficus cannot carry exactly, each with advice (rule R7). */
final class ShapeCheck {

  private final Catalog catalog;
  private final Refusals refusals;

  ShapeCheck(Catalog catalog, Refusals refusals) {
    this.catalog = catalog;
    this.refusals = refusals;
  }

  void check(Map<TableName, Long> tables) throws SQLException {
    for (Map.Entry<TableName, Long> table : tables.entrySet()) {
      itself(table.getKey(), table.getValue());
      kind(table.getKey(), table.getValue());
      key(table.getKey(), table.getValue());
      parts(table.getKey(), table.getValue());
      for (Member member : catalog.tree(table.getKey())) {
        if (member.isPartition()) {
          kind(member.name(), member.oid());
          parts(member.name(), member.oid());
          partition(table.getKey(), table.getValue(), member);
        }
      }
      for (TableName partition : catalog.sentOtherwise(table.getKey())) {
        refuse(
            partition,
            "is not sent as "
                + table.getKey()
                + " is, whose partition it is: it is no logged table, or its replica identity is another one",
            "alter table … replica identity …, as its root has it");
      }
    }
  }

  /** A partition comes with its root, so no table of the manifest may be one. */
  private void itself(TableName name, long oid) throws SQLException {
    catalog
        .one(
            "select pg_partition_root(oid)::text from pg_class where oid = ? and relispartition",
            row -> row.getString(1),
            oid)
        .ifPresent(
            root ->
                refuse(
                    name,
                    "is a partition of " + root,
                    "name " + root + " instead: its partitions come with it"));
  }

  /** What a partition has of its own that would get lost, or that its root is not carried with. */
  private void partition(TableName root, long rootOid, Member partition) throws SQLException {
    TableName name = partition.name();
    if (!name.schema().equals(root.schema())) {
      refuse(
          name,
          "lies in another schema than " + root + ", whose partition it is",
          "alter table … set schema first");
    }
    catalog.list(
        """
        with feeding(seq, tab) as (
          select objid, refobjid from pg_depend where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass
            and refobjsubid > 0 and deptype in ('a', 'i')
          union select d.refobjid, ad.adrelid from pg_depend d join pg_attrdef ad on d.classid = 'pg_attrdef'::regclass and ad.oid = d.objid
            where d.refclassid = 'pg_class'::regclass)
        select f.seq::regclass::text from feeding f join pg_class s on s.oid = f.seq and s.relkind = 'S'
        where f.tab = ? and f.seq not in (select seq from feeding where tab = ?) order by 1
        """,
        row -> {
          refuse(
              name,
              "has sequence " + row.getString(1) + " of its own, beside those of " + root,
              "give the partition its root's default first");
          return partition;
        },
        partition.oid(),
        rootOid);
  }

  private void kind(TableName name, long oid) throws SQLException {
    catalog.list(
        """
        select c.relkind::text, c.relpersistence::text, c.relispartition,
          c.relkind <> 'p' and not c.relispartition and exists (select from pg_inherits i where i.inhrelid = c.oid or i.inhparent = c.oid),
          c.relrowsecurity or exists (select from pg_policy p where p.polrelid = c.oid),
          exists (select from pg_rewrite r where r.ev_class = c.oid), c.reloftype <> 0, coalesce(a.amname, 'heap')
        from pg_class c left join pg_am a on a.oid = c.relam where c.oid = ?
        """,
        row -> {
          String kind = row.getString(1);
          if (kind.equals("f") && row.getBoolean(3)) {
            refuse(name, "is a foreign table", "detach it, or move its rows into a partition here");
          } else if (!kind.equals("r") && !kind.equals("p")) {
            refuse(name, "is not a table", "name tables only in the manifest");
          } else if (row.getBoolean(4)) {
            refuse(name, "inherits or is inherited from", "end the inheritance first");
          }
          switch (row.getString(2)) {
            case "u" ->
                refuse(
                    name,
                    "is unlogged, so that its changes are not in the WAL",
                    "alter table … set logged first");
            case "t" -> refuse(name, "is temporary", "name permanent tables only");
            default -> {}
          }
          if (row.getBoolean(5)) {
            refuse(
                name,
                "has row security, which would hide rows from the copy",
                "drop its policies, or keep the table where it is");
          }
          if (row.getBoolean(6)) {
            refuse(name, "has rewrite rules", "replace them by triggers first");
          }
          if (row.getBoolean(7)) {
            refuse(name, "is a typed table", "alter table … not of first");
          }
          if (!row.getString(8).equals("heap")) {
            refuse(
                name, "uses table access method " + row.getString(8), "use heap, or leave it out");
          }
          return kind;
        },
        oid);
  }

  private void key(TableName name, long oid) throws SQLException {
    boolean deferrable =
        catalog
            .one(
                "select condeferrable from pg_constraint where conrelid = ? and contype = 'p'",
                row -> row.getBoolean(1),
                oid)
            .orElse(false);
    if (deferrable) {
      refuse(
          name,
          "has a deferrable primary key, which no upsert can use",
          "make it not deferrable first");
    } else if (catalog.key(name).isEmpty()) {
      boolean nothing =
          catalog
              .one(
                  "select relreplident = 'n' from pg_class where oid = ?",
                  row -> row.getBoolean(1),
                  oid)
              .orElse(false);
      if (nothing) {
        refuse(
            name,
            "has no identity that changes could name its rows by",
            "alter table … replica identity default");
      } else {
        refuse(
            name,
            "has no primary key, and no unique index in its place, so that its rows cannot be told apart",
            "alter table … add primary key, or, with a unique index over columns that are not null: alter table … replica identity using index …");
      }
    }
  }

  private void parts(TableName name, long oid) throws SQLException {
    catalog.list(
        """
        select x.indexrelid::regclass::text, x.indisexclusion, not (x.indisvalid and x.indisready)
        from pg_index x where x.indrelid = ? order by 1
        """,
        row -> {
          if (row.getBoolean(2)) {
            refuse(
                name,
                "has exclusion constraint or temporal key " + row.getString(1),
                "drop it, or leave the table out");
          } else if (row.getBoolean(3)) {
            refuse(
                name, "has the invalid index " + row.getString(1), "drop it or reindex it first");
          }
          return oid;
        },
        oid);
    catalog.list(
        """
        select conname from pg_constraint where conrelid = ? and contype = 'n' and not convalidated order by 1
        """,
        row -> {
          refuse(
              name,
              "has the unvalidated not-null constraint " + row.getString(1),
              "alter table … validate constraint first");
          return oid;
        },
        oid);
  }

  private void refuse(TableName name, String what, String advice) {
    refusals.add("table " + name + " " + what, advice);
  }
}
