package dev.ficus.postgres.ddl;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The columns of a foreign key that is known by PostgreSQL's definition only, such as one that is
 * released.
 *
 * @param referencing the columns that point to a row
 * @param referenced the columns of that row, one for each
 */
public record ForeignKeyColumns(List<String> referencing, List<String> referenced) {

  private static final String NAME = "(?:[^\"(), ]+|\"(?:[^\"]|\"\")+\")";
  private static final String NAMES = "\\((" + NAME + "(?:, " + NAME + ")*)\\)";
  private static final Pattern DEFINITION =
      Pattern.compile(
          "FOREIGN KEY " + NAMES + " REFERENCES (?:" + NAME + "|\\.)+" + NAMES + "(?: .*)?");
  private static final Pattern ONE = Pattern.compile(NAME);

  public ForeignKeyColumns {
    referencing = List.copyOf(referencing);
    referenced = List.copyOf(referenced);
  }

  /** Reads a definition; empty for one that PostgreSQL does not write like this. */
  public static Optional<ForeignKeyColumns> of(String definition) {
    Matcher matcher = DEFINITION.matcher(definition);
    return matcher.matches()
        ? Optional.of(new ForeignKeyColumns(names(matcher.group(1)), names(matcher.group(2))))
        : Optional.empty();
  }

  private static List<String> names(String list) {
    List<String> names = new ArrayList<>();
    Matcher name = ONE.matcher(list);
    while (name.find()) {
      String text = name.group();
      names.add(
          text.startsWith("\"")
              ? text.substring(1, text.length() - 1).replace("\"\"", "\"")
              : text);
    }
    return names;
  }
}
