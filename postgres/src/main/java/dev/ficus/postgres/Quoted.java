package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * SQL text that is safe to splice because it went through quoting: the only way an identifier gets
 * into a statement (rule R20).
 *
 * @param sql the quoted text
 */
public record Quoted(String sql) {

  /** An identifier, always in double quotes. */
  public static Quoted name(String identifier) {
    if (identifier.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("an identifier cannot hold the NUL character");
    }
    return new Quoted('"' + identifier.replace("\"", "\"\"") + '"');
  }

  /** A table, qualified by its schema. */
  public static Quoted table(TableName table) {
    return new Quoted(name(table.schema()).sql + "." + name(table.name()).sql);
  }

  /** Identifiers, separated by commas. */
  public static Quoted names(Collection<String> identifiers) {
    return new Quoted(
        identifiers.stream()
            .map(identifier -> name(identifier).sql)
            .collect(Collectors.joining(", ")));
  }

  /** A string literal; it always uses standard_conforming_strings, which {@link Database} sets. */
  public static Quoted literal(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a literal cannot hold the NUL character");
    }
    return new Quoted("'" + text.replace("'", "''") + "'");
  }

  @Override
  public String toString() {
    return sql;
  }
}
