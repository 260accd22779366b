package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
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
      kind(table.getKey(), table.getValue());
      key(table.getKey(), table.getValue());
      parts(table.getKey(), table.getValue());
    }
  }

  private void kind(TableName name, long oid) throws SQLException {
    catalog.list(
        """
        select c.relkind::text, c.relpersistence::text, c.relispartition,
          exists (select from pg_inherits i where i.inhrelid = c.oid or i.inhparent = c.oid),
          c.relrowsecurity or exists (select from pg_policy p where p.polrelid = c.oid),
          exists (select from pg_rewrite r where r.ev_class = c.oid), c.reloftype <> 0, coalesce(a.amname, 'heap')
        from pg_class c left join pg_am a on a.oid = c.relam where c.oid = ?
        """,
        row -> {
          String kind = row.getString(1);
          if (kind.equals("p") || row.getBoolean(3)) {
            refuse(name, "is partitioned", "move its rows into a plain table first");
          } else if (!kind.equals("r")) {
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
