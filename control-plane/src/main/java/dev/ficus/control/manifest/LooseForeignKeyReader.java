package dev.ficus.control.manifest;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.LooseForeignKey;
import dev.ficus.core.manifest.OnDelete;
import dev.ficus.core.manifest.Transform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads {@code loose-foreign-keys}.
 *
 * <p>A deleted parent reaches its children's database by the stream of a reference copy. So each
 * rule needs one, named in the manifest by the same group: it takes a slot of the owner, which
 * should not appear by itself.
 */
final class LooseForeignKeyReader {

  private static final Pattern ONE_COLUMN = Pattern.compile("(.+)\\.([^.()]+)");
  private static final Pattern COLUMNS = Pattern.compile("(.+)\\(([^()]+)\\)");

  private final List<Declared> declared = new ArrayList<>();

  private record Declared(GroupName group, LooseForeignKey key, Mapping.Item item) {}

  private record End(TableName table, List<String> columns) {}

  List<LooseForeignKey> read(GroupName group, Mapping mapping) {
    List<LooseForeignKey> keys = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Mapping.Item item : mapping.items("loose-foreign-keys")) {
      Mapping rule = item.mapping().knows(List.of("from", "to", "on-delete"), java.util.Map.of());
      Optional<End> from = end(rule, "from");
      Optional<End> to = end(rule, "to");
      Optional<OnDelete> onDelete = rule.text("on-delete").flatMap(word -> onDelete(rule, word));
      if (from.isEmpty() || to.isEmpty() || onDelete.isEmpty()) {
        continue;
      }
      try {
        LooseForeignKey key =
            new LooseForeignKey(
                from.get().table(),
                from.get().columns(),
                to.get().table(),
                to.get().columns(),
                onDelete.get());
        if (!names.add(key.name())) {
          item.problem(key.name() + " has a rule already");
        }
        keys.add(key);
        declared.add(new Declared(group, key, item));
      } catch (IllegalArgumentException e) {
        item.problem(String.valueOf(e.getMessage()));
      }
    }
    return keys;
  }

  private static Optional<OnDelete> onDelete(Mapping rule, String word) {
    Optional<OnDelete> known = OnDelete.of(word);
    if (known.isEmpty()) {
      rule.problem(
          "on-delete",
          "'"
              + word
              + "' is not an action; known: "
              + Arrays.stream(OnDelete.values())
                  .map(OnDelete::word)
                  .collect(Collectors.joining(", ")));
    }
    return known;
  }

  private static Optional<End> end(Mapping rule, String name) {
    return rule.text(name)
        .flatMap(
            text -> {
              Optional<End> end = parse(text);
              if (end.isEmpty()) {
                rule.problem(
                    name,
                    "'" + text + "' is not a column: write table.column or table(column, column)");
              }
              return end;
            });
  }

  private static Optional<End> parse(String text) {
    Matcher columns = COLUMNS.matcher(text);
    Matcher one = ONE_COLUMN.matcher(text);
    try {
      if (columns.matches()) {
        return Optional.of(
            new End(
                TableName.parse(columns.group(1)),
                Arrays.stream(columns.group(2).split(",")).map(String::strip).toList()));
      }
      return one.matches()
          ? Optional.of(new End(TableName.parse(one.group(1)), List.of(one.group(2))))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The checks that need all groups. */
  void check(List<Group> groups) {
    for (Declared rule : declared) {
      groups.stream()
          .filter(group -> group.name().equals(rule.group()))
          .findFirst()
          .ifPresent(group -> check(rule, group, groups));
    }
  }

  private static void check(Declared rule, Group group, List<Group> groups) {
    LooseForeignKey key = rule.key();
    if (!group.tables().contains(key.from())) {
      rule.item()
          .problem(
              "table "
                  + key.from()
                  + " is not of group "
                  + group.name()
                  + ": declare the rule in the group that has the table");
      return;
    }
    Optional<Group> owner =
        groups.stream().filter(other -> other.tables().contains(key.to())).findFirst();
    if (key.onDelete() == OnDelete.IGNORE) {
      return;
    }
    Optional<Transform> transform = Optional.ofNullable(group.transforms().get(key.from()));
    List<String> changed =
        key.fromColumns().stream()
            .filter(column -> transform.isPresent() && !transform.get().leaves(column))
            .toList();
    if (!changed.isEmpty()) {
      rule.item()
          .problem(
              "not supported yet: the group's transform renames, drops or casts "
                  + changed
                  + " of table "
                  + key.from()
                  + ", which the rule would write in either database");
    } else if (owner.isEmpty()) {
      rule.item()
          .problem(
              "table "
                  + key.to()
                  + " belongs to no group of this manifest, so no stream can bring its deletes");
    } else if (owner.get().service().equals(group.service())) {
      rule.item()
          .problem(
              "both ends move into the database of service "
                  + group.service()
                  + ": an ordinary foreign key serves them there");
    } else {
      checkCopied(rule, group);
    }
  }

  private static void checkCopied(Declared rule, Group group) {
    LooseForeignKey key = rule.key();
    boolean copied =
        group.references().stream()
            .anyMatch(
                copy ->
                    copy.table().equals(key.to()) && copy.columns().containsAll(key.toColumns()));
    if (!copied) {
      rule.item()
          .problem(
              "deletes of "
                  + key.to()
                  + " come with a reference copy: add { table: "
                  + key.to()
                  + ", columns: ["
                  + String.join(", ", key.toColumns())
                  + "] } to the references of group "
                  + group.name());
    }
  }
}
