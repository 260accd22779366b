package dev.ficus.postgres.ddl;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.postgresql.PGConnection;

/**
 * A copy of tables in a folder, taken before they are dropped (rule R19).
 *
 * <p>The folder holds {@code schema.sql}; for each table {@code N.copy.gz}, the rows in
 * PostgreSQL's COPY text format, in UTF-8; {@code load.sql} and {@code sequences.sql}; {@code
 * manifest.tsv} with each table's file, row count and columns; {@code RESTORE.md}; and {@code
 * SHA256SUMS} over all of them, in the form that {@code sha256sum -c} reads.
 */
public final class Archive {

  private Archive() {}

  /**
   * A table within an archive.
   *
   * @param table the table, under the name it had when archived
   * @param file its file within the folder
   * @param rows how many rows the file holds
   * @param columns the columns the file holds; generated ones are left out
   */
  public record Entry(TableName table, String file, long rows, List<String> columns) {
    public Entry {
      columns = List.copyOf(columns);
    }
  }

  /**
   * Writes the tables, as of one instant, and makes them durable. The folder appears only once it
   * is complete.
   *
   * @param folder the folder to create; its parent exists
   * @throws PostgresException if the folder exists, or if anything could not be read or written
   */
  public static List<Entry> write(Database database, List<TableName> tables, Path folder) {
    return write(database, tables, folder, List.of());
  }

  /**
   * The same, naming foreign keys across the group's border that were taken off before.
   *
   * @param released those keys; they are written down, and not restored
   */
  public static List<Entry> write(
      Database database, List<TableName> tables, Path folder, List<ForeignKey> released) {
    Path target = folder.toAbsolutePath();
    Path parent = target.getParent();
    if (parent == null || Files.exists(target)) {
      throw PostgresException.state(
          ErrorKind.NEEDS_PERSON,
          "archive folder " + target + " exists already",
          "verify and keep it, or move it away, then try again");
    }
    try (Connection connection = database.connect("archive")) {
      Path partial = Files.createTempDirectory(parent, "." + target.getFileName() + ".partial");
      try {
        List<Entry> entries = write(connection, database, tables, partial, released);
        ArchiveFiles.publish(partial, target);
        return entries;
      } catch (SQLException | IOException | RuntimeException e) {
        ArchiveFiles.discard(partial, e);
        throw e;
      }
    } catch (SQLException e) {
      throw PostgresException.sql("archiving tables " + tables + " of " + database, e);
    } catch (IOException e) {
      throw ArchiveFiles.failure("writing archive " + target, e);
    }
  }

  private static List<Entry> write(
      Connection connection,
      Database database,
      List<TableName> tables,
      Path folder,
      List<ForeignKey> released)
      throws SQLException, IOException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("set transaction isolation level repeatable read, read only");
      statement.execute("set local client_encoding = 'UTF8'");
    }
    ArchiveFiles files = new ArchiveFiles(folder);
    files.write("schema.sql", ServiceSchema.ofArchive(connection, tables, released));
    List<Entry> entries = new ArrayList<>();
    for (TableName table : tables) {
      entries.add(
          rows(
              connection,
              Tables.read(connection, database.name(), table),
              files,
              String.format(Locale.ROOT, "%d.copy.gz", entries.size() + 1)));
    }
    files.write("sequences.sql", Sequences.archiveSql(connection, database, tables));
    files.write("manifest.tsv", ArchiveManifest.text(entries));
    files.write("load.sql", ArchiveManifest.load(entries));
    files.write("RESTORE.md", ArchiveManifest.restore(database, entries));
    connection.commit();
    files.sums();
    return List.copyOf(entries);
  }

  private static Entry rows(Connection connection, Table table, ArchiveFiles files, String file)
      throws SQLException, IOException {
    List<String> columns = table.writtenColumns();
    // Of a partitioned table, only the answer to a query can be copied out.
    String sql =
        "copy (select "
            + Quoted.names(columns)
            + " from "
            + Quoted.table(table.name())
            + ") to stdout (format text, encoding 'UTF8')";
    long rows;
    try (OutputStream out = files.create(file);
        GZIPOutputStream packed = new GZIPOutputStream(out, 1 << 16)) {
      rows = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(sql, packed);
    }
    return new Entry(table.name(), file, rows, columns);
  }

  /**
   * Reads the whole archive back: every file's SHA-256, and every table's row count.
   *
   * @return the tables it holds
   * @throws PostgresException if anything is missing, more than written, or altered
   */
  public static List<Entry> verify(Path folder) {
    try {
      new ArchiveFiles(folder.toAbsolutePath()).verifySums();
      List<Entry> entries =
          ArchiveManifest.parse(Files.readString(folder.resolve("manifest.tsv")), folder);
      for (Entry entry : entries) {
        long rows = ArchiveFiles.lines(folder.resolve(entry.file()));
        if (rows != entry.rows()) {
          throw PostgresException.state(
              ErrorKind.NEEDS_PERSON,
              "archive "
                  + folder
                  + " holds "
                  + rows
                  + " rows of "
                  + entry.table()
                  + " instead of "
                  + entry.rows(),
              "do not drop anything; write the archive again");
        }
      }
      return entries;
    } catch (IOException e) {
      throw ArchiveFiles.failure("verifying archive " + folder, e);
    }
  }

  /**
   * Brings archived tables back into a database that has none of them, in one transaction; the
   * archive is verified first. It does what {@code RESTORE.md} tells a person to do with psql.
   *
   * @throws PostgresException if the archive is damaged, or the database refuses; nothing is left
   *     there then
   */
  public static List<Entry> restore(Database database, Path folder) {
    List<Entry> entries = verify(folder);
    try (Connection connection = database.connect("restore")) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute(Files.readString(folder.resolve("schema.sql")));
        statement.execute("set local session_replication_role = replica");
        for (Entry entry : entries) {
          load(connection, folder, entry);
        }
        statement.execute("set local session_replication_role = origin");
        statement.execute(Files.readString(folder.resolve("sequences.sql")));
      }
      connection.commit();
      return entries;
    } catch (SQLException e) {
      throw PostgresException.sql("restoring archive " + folder + " into " + database, e);
    } catch (IOException e) {
      throw ArchiveFiles.failure("restoring archive " + folder + " into " + database, e);
    }
  }

  private static void load(Connection connection, Path folder, Entry entry)
      throws SQLException, IOException {
    String sql =
        "copy "
            + Quoted.table(entry.table())
            + " ("
            + Quoted.names(entry.columns())
            + ") from stdin (format text, encoding 'UTF8')";
    long rows;
    try (InputStream packed = Files.newInputStream(folder.resolve(entry.file()));
        InputStream in = new GZIPInputStream(packed, 1 << 16)) {
      rows = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql, in);
    }
    if (rows != entry.rows()) {
      throw PostgresException.state(
          ErrorKind.NEEDS_PERSON,
          "archive "
              + folder
              + " gave "
              + rows
              + " rows of "
              + entry.table()
              + " instead of "
              + entry.rows(),
          "verify the archive; nothing was restored");
    }
  }
}
