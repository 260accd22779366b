package dev.ficus.control.manifest;

import dev.ficus.core.GroupName;
import dev.ficus.core.ServiceName;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.core.manifest.DdlMode;
import dev.ficus.core.manifest.DependentDecision;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.ReferenceCopy;
import dev.ficus.core.manifest.Transform;
import dev.ficus.core.manifest.WalBudget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads groups and remembers where each table and reference stands, for the checks across groups.
 */
final class GroupReader {

  private static final List<String> KEYS =
      List.of(
          "tables",
          "transform",
          "references",
          "loose-foreign-keys",
          "gates",
          "dependents",
          "stream",
          "library");
  private static final Map<String, String> NOT_YET =
      Map.of("reconcile", "a schedule of reconciliations");

  private final boolean withKafka;
  private final boolean withConnect;
  private final Map<TableName, String> owners = new HashMap<>();
  private final Map<GroupName, String> paths = new HashMap<>();
  private final List<Reference> references = new ArrayList<>();
  private final LooseForeignKeyReader looseForeignKeys = new LooseForeignKeyReader();

  /**
   * @param withKafka whether the manifest names brokers
   * @param withConnect whether it names a connector of Kafka Connect
   */
  GroupReader(boolean withKafka, boolean withConnect) {
    this.withKafka = withKafka;
    this.withConnect = withConnect;
  }

  private record Reference(
      ServiceName service,
      GroupName group,
      TableName table,
      List<String> columns,
      Mapping.Item item) {}

  Optional<Group> read(ServiceName service, GroupName name, Mapping mapping, String path) {
    mapping.knows(KEYS, NOT_YET);
    String other = paths.putIfAbsent(name, path);
    if (other != null) {
      mapping.problem("tables", "a group of this name stands at " + other + " already");
    }
    DdlMode ddl = stream(mapping);
    Via via =
        mapping
            .optionalMapping("stream")
            .map(stream -> ViaReader.read(stream, withKafka, withConnect))
            .orElse(Via.DIRECT);
    if (via instanceof Via.Connect && ddl == DdlMode.ADDITIVE) {
      mapping.problem(
          "stream",
          "not supported yet: 'ddl: additive' with 'via: connect'; added columns stop such a stream");
    }
    if (via instanceof Via.Connect) {
      for (String key : List.of("transform", "loose-foreign-keys")) {
        if (mapping.has(key)) {
          mapping.problem(key, "not supported yet with 'via: connect'; use direct or kafka");
        }
      }
    }
    WalBudget budget =
        mapping.optionalMapping("stream").map(WalBudgetReader::read).orElse(WalBudget.NONE);
    List<TableName> tables = tables(mapping);
    List<ReferenceCopy> copies = references(service, name, mapping, tables);
    var loose = looseForeignKeys.read(name, mapping);
    var gates = GatesReader.read(mapping);
    Map<String, DependentDecision> dependents = dependents(mapping);
    Map<TableName, Transform> transforms = TransformReader.read(mapping, tables);
    return tables.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Group(
                name,
                service,
                tables,
                copies,
                loose,
                gates,
                dependents,
                transforms,
                budget,
                ddl,
                via,
                mapping.optionalFlag("library").orElse(true)));
  }

  /** What is not built is refused, never ignored. */
  private static DdlMode stream(Mapping mapping) {
    return mapping
        .optionalMapping("stream")
        .map(
            stream -> {
              stream.knows(List.of("via", "partitions", "ddl", "wal-budget"), Map.of());
              return stream
                  .optionalText("ddl")
                  .map(
                      ddl -> {
                        if (!ddl.equals("stop") && !ddl.equals("additive")) {
                          stream.problem("ddl", "'" + ddl + "' is neither 'stop' nor 'additive'");
                        }
                        return ddl.equals("additive") ? DdlMode.ADDITIVE : DdlMode.STOP;
                      })
                  .orElse(DdlMode.STOP);
            })
        .orElse(DdlMode.STOP);
  }

  private List<TableName> tables(Mapping mapping) {
    List<TableName> tables = new ArrayList<>();
    for (Mapping.Item item : mapping.items("tables")) {
      item.text()
          .flatMap(text -> table(item, text))
          .ifPresent(
              table -> {
                String owner = owners.putIfAbsent(table, item.path());
                if (owner != null) {
                  item.problem("table " + table + " is listed at " + owner + " already");
                } else {
                  tables.add(table);
                }
              });
    }
    if (tables.isEmpty()) {
      mapping.problem("tables", "a group needs at least one table: tables: [name, …]");
    }
    return tables;
  }

  private static Optional<TableName> table(Mapping.Item item, String text) {
    try {
      return Optional.of(TableName.parse(text));
    } catch (IllegalArgumentException e) {
      item.problem("'" + text + "' is not a table: write table or schema.table");
      return Optional.empty();
    }
  }

  private List<ReferenceCopy> references(
      ServiceName service, GroupName group, Mapping mapping, List<TableName> own) {
    List<ReferenceCopy> copies = new ArrayList<>();
    for (Mapping.Item item : mapping.items("references")) {
      Mapping reference = item.mapping().knows(List.of("table", "columns"), Map.of());
      List<String> columns = new ArrayList<>();
      for (Mapping.Item column : reference.items("columns")) {
        column
            .text()
            .ifPresent(
                name -> {
                  if (columns.contains(name)) {
                    column.problem("column " + name + " is listed twice");
                  }
                  columns.add(name);
                });
      }
      if (columns.isEmpty()) {
        reference.problem("columns", "a reference copy needs columns: columns: [id, …]");
        continue;
      }
      reference
          .text("table")
          .flatMap(text -> table(item, text))
          .ifPresent(
              table -> {
                if (own.contains(table)) {
                  item.problem("table " + table + " is this group's own; it needs no copy");
                  return;
                }
                references.add(new Reference(service, group, table, List.copyOf(columns), item));
                copies.add(new ReferenceCopy(table, columns));
              });
    }
    return copies;
  }

  private static Map<String, DependentDecision> dependents(Mapping mapping) {
    Map<String, DependentDecision> decisions = new LinkedHashMap<>();
    mapping
        .optionalMapping("dependents")
        .ifPresent(
            dependents -> {
              for (String name : dependents.keys()) {
                dependents
                    .text(name)
                    .ifPresent(
                        decision -> {
                          if (decision.equals("drop")) {
                            decisions.put(name, DependentDecision.DROP);
                          } else {
                            dependents.problem(
                                name, "'" + decision + "' is not a decision; known: drop");
                          }
                        });
              }
            });
    return decisions;
  }

  /**
   * Once its owner's writes have moved a copy is fed from the service's table, which then must have
   * the same.
   */
  private static void transformed(Group owner, Reference reference) {
    Transform transform = owner.transforms().get(reference.table());
    if (transform == null) {
      return;
    }
    List<String> changed =
        reference.columns().stream().filter(column -> !transform.leaves(column)).toList();
    if (transform.filter().isPresent() || !changed.isEmpty()) {
      reference
          .item()
          .problem(
              "not supported yet: group "
                  + owner.name()
                  + (transform.filter().isPresent()
                      ? " filters the rows of table " + reference.table()
                      : " renames, drops or casts " + changed + " of table " + reference.table())
                  + ", so its own table could not feed this copy later");
    }
  }

  /** The checks that need all groups. */
  void checkReferences(List<Group> groups) {
    looseForeignKeys.check(groups);
    Map<String, GroupName> readers = new HashMap<>();
    for (Reference reference : references) {
      Optional<Group> owner =
          groups.stream().filter(group -> group.tables().contains(reference.table())).findFirst();
      if (owner.isEmpty()) {
        reference
            .item()
            .problem(
                "not supported yet: table "
                    + reference.table()
                    + " belongs to no group of this manifest, so no stream can feed its copy");
        continue;
      }
      if (owner.get().service().equals(reference.service())) {
        reference
            .item()
            .problem(
                "table "
                    + reference.table()
                    + " moves into this service's own database with group "
                    + owner.get().name()
                    + "; it needs no copy");
        continue;
      }
      transformed(owner.get(), reference);
      GroupName reader =
          readers.putIfAbsent(
              owner.get().name() + " for " + reference.service(), reference.group());
      if (reader != null && !reader.equals(reference.group())) {
        reference
            .item()
            .problem(
                "not supported yet: groups "
                    + reader
                    + " and "
                    + reference.group()
                    + " of one service both copy tables of group "
                    + owner.get().name()
                    + "; list all of them under one group");
      }
    }
  }
}
