package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Writes the sequences of tables: those behind identity columns, owned by a column, or used. */
final class SequenceDdl {

  private final Catalog catalog;
  private final Refusals refusals;

  SequenceDdl(Catalog catalog, Refusals refusals) {
    this.catalog = catalog;
    this.refusals = refusals;
  }

  /**
   * A sequence.
   *
   * @param oid its OID
   * @param name its name
   * @param type the integer type it counts in
   * @param options start, increment, bounds and cache, as they follow {@code create sequence}
   * @param table the OID of the table that owns it; 0 where none does
   * @param column the owning column, or empty
   * @param identity whether it stands behind an identity column
   */
  record Sequence(
      long oid,
      TableName name,
      String type,
      String options,
      long table,
      String column,
      boolean identity) {

    /** The same behind another column. */
    Sequence owned(long newTable, String newColumn) {
      return new Sequence(oid, name, type, options, newTable, newColumn, identity);
    }
  }

  List<Sequence> read(Collection<Long> tables, Collection<Long> used) throws SQLException {
    List<Sequence> sequences =
        catalog.list(
            """
            select c.oid::bigint, n.nspname, c.relname, format_type(s.seqtypid, null),
              format('start with %s increment by %s minvalue %s maxvalue %s cache %s', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache),
              coalesce(d.refobjid::bigint, 0), coalesce(a.attname, ''), coalesce(d.deptype = 'i', false), s.seqcycle, c.relpersistence::text
            from pg_sequence s
            join pg_class c on c.oid = s.seqrelid
            join pg_namespace n on n.oid = c.relnamespace
            left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
              and d.refobjsubid > 0 and d.deptype in ('a', 'i')
            left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
            where d.refobjid = any (?::bigint[]::oid[]) or c.oid = any (?::bigint[]::oid[])
            order by 2, 3
            """,
            row -> {
              TableName name = new TableName(row.getString(2), row.getString(3));
              if (row.getBoolean(9)) {
                refusals.add(
                    "sequence " + name + " cycles",
                    "no value is past every value handed out then; alter sequence … no cycle");
              }
              if (!row.getString(10).equals("p")) {
                refusals.add(
                    "sequence " + name + " is not logged", "alter sequence … set logged first");
              }
              return new Sequence(
                  row.getLong(1),
                  name,
                  row.getString(4),
                  row.getString(5),
                  row.getLong(6),
                  row.getString(7),
                  row.getBoolean(8));
            },
            tables,
            used);
    for (Sequence sequence : sequences) {
      if (sequence.table() != 0 && !tables.contains(sequence.table())) {
        refusals.add(
            "sequence " + sequence.name() + " is owned by a table outside the group",
            "move both tables in one group, or give the default a sequence of its own");
      }
    }
    usedElsewhere(tables, sequences);
    return sequences;
  }

  private void usedElsewhere(Collection<Long> tables, List<Sequence> sequences)
      throws SQLException {
    catalog.list(
        """
        select distinct d.refobjid::regclass::text, ad.adrelid::regclass::text
        from pg_depend d join pg_attrdef ad on d.classid = 'pg_attrdef'::regclass and ad.oid = d.objid
        where d.refclassid = 'pg_class'::regclass and d.refobjid = any (?::bigint[]::oid[])
          and not ad.adrelid = any (?::bigint[]::oid[])
        order by 1, 2
        """,
        row -> {
          refusals.add(
              "sequence " + row.getString(1) + " also feeds table " + row.getString(2),
              "move both tables in one group, or give the other table a sequence of its own");
          return tables;
        },
        sequences.stream().map(Sequence::oid).toList(),
        tables);
  }

  /** The statement that creates a sequence which is not an identity's. */
  static String create(Sequence sequence) {
    return "create sequence "
        + Quoted.table(sequence.name())
        + " as "
        + sequence.type()
        + " "
        + sequence.options()
        + ";";
  }

  /** The clause of an identity column. */
  static String identity(Sequence sequence, String kind) {
    return "generated "
        + (kind.equals("a") ? "always" : "by default")
        + " as identity (sequence name "
        + Quoted.table(sequence.name())
        + " "
        + sequence.options()
        + ")";
  }

  /** The statement that ties a serial's sequence to its column, or empty where nothing owns it. */
  static Optional<String> own(Sequence sequence, Map<Long, TableName> tables) {
    TableName table = tables.get(sequence.table());
    return sequence.identity() || table == null
        ? Optional.empty()
        : Optional.of(
            "alter sequence "
                + Quoted.table(sequence.name())
                + " owned by "
                + Quoted.table(table)
                + "."
                + Quoted.name(sequence.column())
                + ";");
  }

  static Collection<String> schemas(List<Sequence> sequences) {
    return sequences.stream()
        .map(sequence -> sequence.name().schema())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
