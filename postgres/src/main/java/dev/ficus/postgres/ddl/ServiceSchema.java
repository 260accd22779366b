package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.Partitions.Member;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The schema of a service database, generated from the shared database's catalog as one Flyway
 * migration that the service's team owns from then on.
 *
 * <p>What cannot be carried exactly is refused by name, all at once (rule R7). The text of a
 * function, and of a comment, is carried as it stands: run the migration with Flyway's placeholder
 * replacement off, since such a text may hold <code>${…}</code>.
 */
public final class ServiceSchema {

  static final String DOING = "generating the service schema";

  private final List<TableName> tables;
  private final Map<TableName, Long> oids;
  private final Map<TableName, Long> referenceOids;
  private final List<ReferenceTable> references;
  private final List<ForeignKey> released;
  private final Catalog catalog;
  private final Refusals refusals = new Refusals();
  private final Needs needs;
  // The tables that the migration describes: the real ones, or stand-ins that were transformed.
  private final Map<TableName, Long> shapes;
  private final Optional<ServiceShapes> transformed;

  private ServiceSchema(
      Connection connection,
      List<TableName> tables,
      List<ReferenceTable> references,
      Map<TableName, Transform> transforms,
      List<ForeignKey> released)
      throws SQLException {
    this.released = List.copyOf(released);
    this.tables = List.copyOf(tables);
    this.references = List.copyOf(references);
    this.catalog = new Catalog(connection);
    this.oids = catalog.oids(tables);
    this.referenceOids = catalog.oids(references.stream().map(ReferenceTable::source).toList());
    this.needs = new Needs(catalog, refusals);
    new ShapeCheck(catalog, refusals).check(oids);
    for (TableName table : transforms.keySet()) {
      if (catalog.tree(table).stream().anyMatch(member -> !member.leaf())) {
        refusals.add(
            "table " + table + " is partitioned, and the manifest transforms it",
            "take its transform out of the manifest, and change the table once it has moved");
      }
    }
    if (transforms.isEmpty()) {
      this.transformed = Optional.empty();
      this.shapes = oids;
    } else {
      refusals.throwIfAny(DOING);
      ServiceShapes made = new ServiceShapes(connection, catalog, refusals, oids, transforms);
      this.transformed = Optional.of(made);
      this.shapes = made.oids();
    }
  }

  /**
   * The migration: schemas, types, functions, sequences, tables, indexes, triggers, comments and
   * the foreign keys among the tables. The same catalog yields the same text.
   *
   * @param shared a connection of {@link dev.ficus.postgres.Database#connect} to the database that
   *     has the tables
   * @param tables the tables to move, created in full in this order
   * @param references reference copies of other groups' tables
   * @throws PostgresException if anything cannot be carried exactly; the message names all of it
   */
  public static String generate(
      Connection shared, List<TableName> tables, List<ReferenceTable> references) {
    return generate(shared, tables, references, Map.of());
  }

  /**
   * The same for tables some of which the manifest transforms.
   *
   * @param transforms by table; where there are any, what is tried in the shared database is rolled
   *     back
   */
  public static String generate(
      Connection shared,
      List<TableName> tables,
      List<ReferenceTable> references,
      Map<TableName, Transform> transforms) {
    Map<TableName, Transform> present = new LinkedHashMap<>(transforms);
    present.keySet().retainAll(tables);
    try {
      boolean autoCommit = shared.getAutoCommit();
      try {
        return new ServiceSchema(shared, tables, references, present, List.of()).generate();
      } finally {
        if (!present.isEmpty() && !shared.getAutoCommit()) {
          shared.rollback();
          shared.setAutoCommit(autoCommit);
        }
      }
    } catch (SQLException e) {
      throw PostgresException.sql("reading the shape of tables " + tables, e);
    }
  }

  /**
   * The schema of tables that are archived.
   *
   * @param released the foreign keys across the group's border that were taken off before
   */
  static String ofArchive(Connection shared, List<TableName> tables, List<ForeignKey> released) {
    try {
      return new ServiceSchema(shared, tables, List.of(), Map.of(), released).generate();
    } catch (SQLException e) {
      throw PostgresException.sql("reading the shape of tables " + tables, e);
    }
  }

  private String generate() throws SQLException {
    new ShapeCheck(catalog, refusals).check(referenceOids);
    TypeCheck types = new TypeCheck(catalog, refusals);
    for (TableName table : tables) {
      types.check(table, column -> transformed.map(it -> it.carries(table, column)).orElse(true));
    }
    for (ReferenceTable reference : references) {
      types.check(reference.source(), reference.columns()::contains);
    }
    needs.ofTables(withPartitions(shapes));
    if (transformed.isPresent()) {
      for (TableName table : tables) {
        // The stream puts the shared row together in the service database: it needs those types.
        needs.ofColumns(oid(oids, table), transformed.get().readOnly(table));
      }
    }
    for (ReferenceTable reference : references) {
      needs.ofColumns(oid(referenceOids, reference.source()), reference.columns());
    }
    List<SequenceDdl.Sequence> sequences = sequences();
    TypeDdl typeDdl = new TypeDdl(catalog);
    FunctionDdl functions = new FunctionDdl(catalog);

    List<String> sql = new ArrayList<>();
    sql.add(header());
    if (!needs.functions().isEmpty()) {
      sql.add(
          "-- A function's text may name what is created further down.\n"
              + "set local check_function_bodies = off;");
    }
    section(sql, "Schemas", schemas(typeDdl, functions, sequences));
    section(sql, "Extensions", typeDdl.extensions(needs.extensions()));
    section(sql, "Types", typeDdl.create(needs.types()));
    section(sql, "Functions", functions.create(needs.functions()));
    section(
        sql,
        "Sequences",
        sequences.stream()
            .filter(sequence -> !sequence.identity())
            .map(SequenceDdl::create)
            .toList());
    tables(sql, sequences);
    TableExtrasDdl extras = new TableExtrasDdl(catalog);
    section(sql, "Foreign keys", extras.foreignKeysWithin(withPartitions(shapes)));
    refusals.throwIfAny(DOING);
    String text = String.join("\n\n", sql) + "\n";
    return transformed.map(it -> it.asReal(text)).orElse(text);
  }

  /** The OIDs of tables or their stand-ins, and those of the tables' partitions. */
  private List<Long> withPartitions(Map<TableName, Long> these) throws SQLException {
    Set<Long> all = new LinkedHashSet<>(these.values());
    for (TableName table : these.keySet()) {
      catalog.tree(table).stream()
          .filter(Member::isPartition)
          .forEach(partition -> all.add(partition.oid()));
    }
    return new ArrayList<>(all);
  }

  /** The sequences of the real tables, under the columns that they feed in the service's. */
  private List<SequenceDdl.Sequence> sequences() throws SQLException {
    SequenceDdl ddl = new SequenceDdl(catalog, refusals);
    if (transformed.isEmpty()) {
      return ddl.read(withPartitions(oids), needs.sequences());
    }
    List<Long> all = withPartitions(oids);
    all.addAll(shapes.values());
    List<SequenceDdl.Sequence> sequences = new ArrayList<>();
    for (SequenceDdl.Sequence sequence : ddl.read(all, needs.sequences())) {
      if (sequence.table() == 0) {
        sequences.add(sequence);
      }
      for (TableName table : tables) {
        if (sequence.table() == oid(oids, table)) {
          transformed
              .get()
              .nameOf(table, sequence.column())
              .ifPresent(column -> sequences.add(sequence.owned(oid(shapes, table), column)));
        }
      }
    }
    return sequences;
  }

  private void tables(List<String> sql, List<SequenceDdl.Sequence> sequences) throws SQLException {
    TableDdl ddl = new TableDdl(catalog, refusals);
    TableExtrasDdl extras = new TableExtrasDdl(catalog);
    Map<Long, TableName> names =
        shapes.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));
    for (TableName table : tables) {
      long oid = oid(shapes, table);
      List<String> statements = new ArrayList<>();
      statements.add(
          ddl.create(
              table,
              oid,
              sequences.stream()
                  .filter(sequence -> sequence.identity() && sequence.table() == oid)
                  .collect(Collectors.toMap(SequenceDdl.Sequence::column, it -> it))));
      sequences.stream()
          .filter(sequence -> sequence.table() == oid)
          .forEach(sequence -> SequenceDdl.own(sequence, names).ifPresent(statements::add));
      statements.addAll(extras.unvalidatedChecks(oid));
      statements.addAll(extras.columnSettings(oid));
      statements.addAll(extras.indexes(oid));
      List<Member> partitions = catalog.tree(table).stream().filter(Member::isPartition).toList();
      for (Member partition : partitions) {
        statements.addAll(partition(ddl, extras, partition));
      }
      statements.addAll(extras.replicaIdentity(oid));
      statements.addAll(extras.triggers(oid));
      for (Member partition : partitions) {
        statements.addAll(extras.triggerStates(partition.oid()));
      }
      statements.addAll(extras.comments(oid));
      section(sql, "Table " + table, statements);
    }
    for (ReferenceTable reference : references) {
      section(
          sql,
          "Reference copy of " + reference.source() + ", fed by a stream: read only",
          List.of(ddl.createReference(reference, oid(referenceOids, reference.source()))));
    }
  }

  /**
   * A partition, attached once it has its own indexes: each that matches one of its root's becomes
   * that one's partition, under the name that it has.
   */
  private static List<String> partition(TableDdl ddl, TableExtrasDdl extras, Member partition)
      throws SQLException {
    long oid = partition.oid();
    List<String> statements = new ArrayList<>();
    statements.add(ddl.create(partition.name(), oid, Map.of()));
    statements.addAll(extras.unvalidatedChecks(oid));
    statements.addAll(extras.columnSettings(oid));
    statements.addAll(extras.indexes(oid));
    statements.add(
        "alter table "
            + Quoted.table(partition.parent())
            + " attach partition "
            + Quoted.table(partition.name())
            + " "
            + partition.bound()
            + ";");
    statements.addAll(extras.replicaIdentity(oid));
    statements.addAll(extras.triggers(oid));
    statements.addAll(extras.comments(oid));
    return statements;
  }

  private String header() throws SQLException {
    StringBuilder header =
        new StringBuilder("-- Generated by Ficus from the shared database's catalog.\n--\n");
    header.append("-- Tables: ").append(comment(tables)).append('\n');
    if (!references.isEmpty()) {
      header
          .append("-- Reference copies: ")
          .append(comment(references.stream().map(ReferenceTable::source).toList()))
          .append('\n');
    }
    List<ForeignKey> crossing =
        new ArrayList<>(ForeignKeys.crossing(catalog, withPartitions(oids)));
    crossing.addAll(released);
    header.append(
        crossing.isEmpty()
            ? "-- No foreign key leaves the group.\n"
            : "-- Foreign keys that cross the group's border, not created here:\n");
    for (ForeignKey key : crossing) {
      header
          .append("--   ")
          .append((key.table() + "." + key.name() + ": " + key.definition()).replaceAll("\\R", " "))
          .append('\n');
    }
    List<String> leftOut = transformed.map(ServiceShapes::leftOut).orElse(List.of());
    if (!leftOut.isEmpty()) {
      header.append("-- Left out, since the manifest transforms the tables:\n");
      leftOut.forEach(
          what -> header.append("--   ").append(what.replaceAll("\\R", " ")).append('\n'));
    }
    header.append(
        "-- Owners, privileges and tablespaces are not carried. What a function's text calls is not"
            + " followed.");
    return header.toString();
  }

  private static String comment(List<TableName> names) {
    return names.stream()
        .map(TableName::toString)
        .collect(Collectors.joining(", "))
        .replaceAll("\\R", " ");
  }

  private List<String> schemas(
      TypeDdl types, FunctionDdl functions, List<SequenceDdl.Sequence> sequences)
      throws SQLException {
    TreeSet<String> schemas = new TreeSet<>();
    oids.keySet().forEach(table -> schemas.add(table.schema()));
    referenceOids.keySet().forEach(table -> schemas.add(table.schema()));
    schemas.addAll(types.schemas(needs.types(), needs.extensions()));
    schemas.addAll(functions.schemas(needs.functions()));
    schemas.addAll(SequenceDdl.schemas(sequences));
    schemas.remove("public");
    return schemas.stream()
        .map(schema -> "create schema if not exists " + Quoted.name(schema) + ";")
        .toList();
  }

  private static void section(List<String> sql, String title, List<String> statements) {
    if (!statements.isEmpty()) {
      sql.add("-- " + title.replaceAll("\\R", " ") + "\n" + String.join("\n", statements));
    }
  }

  private static long oid(Map<TableName, Long> oids, TableName table) {
    Long oid = oids.get(table);
    if (oid == null) {
      throw new IllegalStateException("no OID of " + table);
    }
    return oid;
  }
}
