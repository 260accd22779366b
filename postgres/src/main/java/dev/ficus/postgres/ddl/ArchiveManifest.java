package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Quoted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The texts of an archive for programs and for people. */
final class ArchiveManifest {

  private static final String HEAD = "ficus-archive\t1";

  private ArchiveManifest() {}

  /** One line a table: schema, table, file, rows, columns; tabs and line ends are escaped. */
  static String text(List<Archive.Entry> entries) {
    StringBuilder text = new StringBuilder(HEAD).append('\n');
    for (Archive.Entry entry : entries) {
      List<String> fields = new ArrayList<>();
      fields.add(entry.table().schema());
      fields.add(entry.table().name());
      fields.add(entry.file());
      fields.add(Long.toString(entry.rows()));
      fields.addAll(entry.columns());
      text.append(fields.stream().map(ArchiveManifest::escape).collect(Collectors.joining("\t")))
          .append('\n');
    }
    return text.toString();
  }

  static List<Archive.Entry> parse(String text, Path folder) throws IOException {
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || !lines.get(0).equals(HEAD)) {
      throw new IOException(folder + " has a manifest of another form or version");
    }
    List<Archive.Entry> entries = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> fields =
          Arrays.stream(line.split("\t", -1)).map(ArchiveManifest::unescape).toList();
      if (fields.size() < 4) {
        throw new IOException(folder + " has a manifest line without row count");
      }
      entries.add(
          new Archive.Entry(
              new TableName(fields.get(0), fields.get(1)),
              fields.get(2),
              Long.parseLong(fields.get(3)),
              fields.subList(4, fields.size())));
    }
    return entries;
  }

  private static String escape(String field) {
    return field
        .replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r");
  }

  private static String unescape(String field) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\' && i + 1 < field.length()) {
        i++;
        text.append(
            switch (field.charAt(i)) {
              case 't' -> '\t';
              case 'n' -> '\n';
              case 'r' -> '\r';
              default -> field.charAt(i);
            });
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  /**
   * The rows' way back, for psql: triggers and foreign keys must not act on rows that have passed
   * them.
   */
  static String load(List<Archive.Entry> entries) {
    StringBuilder text = new StringBuilder("set local session_replication_role = replica;\n");
    for (Archive.Entry entry : entries) {
      text.append("\\copy ")
          .append(Quoted.table(entry.table()))
          .append(" (")
          .append(Quoted.names(entry.columns()))
          .append(") from program 'gunzip -c ")
          .append(entry.file())
          .append("' (format text, encoding 'UTF8')\n");
    }
    return text.append("set local session_replication_role = origin;\n").toString();
  }

  /** What a person does to bring the tables back; it needs psql and gunzip only. */
  static String restore(Database database, List<Archive.Entry> entries) {
    StringBuilder text =
        new StringBuilder(
            """
            # Archived tables of %s

            Check the files, then bring the tables back, from this folder, as a superuser:

            ```
            sha256sum -c SHA256SUMS
            psql -v ON_ERROR_STOP=1 --single-transaction -f schema.sql -f load.sql -f sequences.sql DATABASE
            ```

            | table | rows |
            |---|---|
            """
                .formatted(database.name()));
    entries.forEach(
        entry ->
            text.append("| ")
                .append(entry.table())
                .append(" | ")
                .append(entry.rows())
                .append(" |\n"));
    return text.toString();
  }
}
