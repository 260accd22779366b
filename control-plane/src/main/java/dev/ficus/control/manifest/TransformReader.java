package dev.ficus.control.manifest;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads {@code transform:} of a group. */
final class TransformReader {

  private static final List<String> KEYS =
      List.of("rename", "drop", "cast", "constant", "expression", "filter", "back");

  private TransformReader() {}

  /** The transforms by table; only tables of the group have one. */
  static Map<TableName, Transform> read(Mapping group, List<TableName> tables) {
    Map<TableName, Transform> transforms = new LinkedHashMap<>();
    group
        .optionalMapping("transform")
        .ifPresent(
            all -> {
              for (String key : all.keys()) {
                table(all, key, tables)
                    .ifPresent(
                        table ->
                            all.mapping(key)
                                .flatMap(mapping -> transform(all, key, mapping))
                                .ifPresent(
                                    transform -> {
                                      if (transforms.put(table, transform) != null) {
                                        all.problem(key, "table " + table + " stands here twice");
                                      }
                                    }));
              }
            });
    return transforms;
  }

  private static Optional<TableName> table(Mapping all, String key, List<TableName> tables) {
    try {
      TableName table = TableName.parse(key);
      if (tables.contains(table)) {
        return Optional.of(table);
      }
      all.problem(key, "table " + table + " is not one of this group's tables");
    } catch (IllegalArgumentException e) {
      all.problem(key, "'" + key + "' is not a table: write table or schema.table");
    }
    return Optional.empty();
  }

  private static Optional<Transform> transform(Mapping all, String key, Mapping mapping) {
    mapping.knows(KEYS, Map.of());
    Map<String, Transform.Constant> constants = new LinkedHashMap<>();
    made(mapping, "constant", "value")
        .forEach((name, made) -> constants.put(name, new Transform.Constant(made[0], made[1])));
    Map<String, Transform.Expression> expressions = new LinkedHashMap<>();
    made(mapping, "expression", "sql")
        .forEach((name, made) -> expressions.put(name, new Transform.Expression(made[0], made[1])));
    Set<String> drop = new LinkedHashSet<>();
    for (Mapping.Item item : mapping.items("drop")) {
      item.text()
          .filter(column -> !drop.add(column))
          .ifPresent(column -> item.problem("column " + column + " is listed twice"));
    }
    try {
      return Optional.of(
          new Transform(
              texts(mapping, "rename"),
              List.copyOf(drop),
              texts(mapping, "cast"),
              constants,
              expressions,
              mapping.optionalText("filter"),
              texts(mapping, "back")));
    } catch (IllegalArgumentException e) {
      all.problem(key, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private static Map<String, String> texts(Mapping mapping, String key) {
    Map<String, String> texts = new LinkedHashMap<>();
    mapping
        .optionalMapping(key)
        .ifPresent(
            values -> {
              for (String column : values.keys()) {
                values.text(column).ifPresent(text -> texts.put(column, text));
              }
            });
    return texts;
  }

  /** Type and definition of each column under a key. */
  private static Map<String, String[]> made(Mapping mapping, String key, String what) {
    Map<String, String[]> made = new LinkedHashMap<>();
    mapping
        .optionalMapping(key)
        .ifPresent(
            columns -> {
              for (String column : columns.keys()) {
                columns
                    .mapping(column)
                    .ifPresent(
                        definition -> {
                          definition.knows(List.of("type", what), Map.of());
                          Optional<String> type = definition.text("type");
                          Optional<String> text = definition.text(what);
                          if (type.isPresent() && text.isPresent()) {
                            made.put(column, new String[] {type.get(), text.get()});
                          }
                        });
              }
            });
    return made;
  }
}
