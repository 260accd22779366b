package dev.ficus.control.internal.provision;

import dev.ficus.control.internal.Work;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * The folder of a service's Flyway migrations, where Ficus adds one that creates a group's tables
 * and, on the way back, one that drops them. The team owns both from then on; nothing that has been
 * applied is ever changed.
 */
public final class MigrationFolder {

  private static final Pattern VERSIONED = Pattern.compile("V([0-9]+)[0-9._]*__(.+)\\.sql");

  private final Path folder;
  private final Database database;
  private final String provision;
  private final String remove;

  private MigrationFolder(Work work) {
    this.folder = work.service().migrations();
    this.database = work.serviceDatabase();
    this.provision = "ficus_provision_" + work.name();
    this.remove = "ficus_remove_" + work.name();
  }

  public static MigrationFolder of(Work work) {
    return new MigrationFolder(work);
  }

  private record Migration(BigInteger version, String description, Path file) {}

  /** Where the migration that creates the tables is, or would be written. */
  public Path provisioning() {
    return latest()
        .filter(it -> it.description().equals(provision))
        .map(Migration::file)
        .orElseGet(() -> next(provision));
  }

  /** Writes the migration that creates the tables, unless it has been applied already. */
  public void writeProvisioning(Supplier<String> sql) {
    write(provisioning(), sql);
  }

  /** True if the tables in the database were created by the migration that Ficus wrote. */
  public boolean provisioned() {
    return latest()
        .filter(it -> it.description().equals(provision))
        .filter(this::applied)
        .isPresent();
  }

  /** Writes the migration that drops the tables, unless it has been applied already. */
  public void writeRemoval(Supplier<String> sql) {
    Path file =
        latest()
            .filter(it -> it.description().equals(remove))
            .map(Migration::file)
            .orElseGet(() -> next(remove));
    write(file, sql);
  }

  /** True if the newest migration of the group drops its tables. */
  public boolean removing() {
    return latest().filter(it -> it.description().equals(remove)).isPresent();
  }

  private void write(Path file, Supplier<String> sql) {
    if (applied(new Migration(BigInteger.ZERO, "", file))) {
      return;
    }
    try {
      Files.createDirectories(folder);
      // A migration that is half there must never be seen under its name.
      Path whole = Files.createTempFile(folder, ".ficus", ".tmp");
      Files.writeString(whole, sql.get());
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "writing migration " + file + " failed: " + e,
          "make the folder writable, or name another one under migrations in the manifest",
          e);
    }
  }

  /** Applies what the folder holds and the database lacks, the team's own migrations included. */
  public void apply() {
    try {
      Flyway.configure()
          .dataSource(
              database.address().url(),
              database.address().user(),
              database.address().password().reveal())
          .locations("filesystem:" + folder)
          .placeholderReplacement(false)
          // Flyway would take the first schema of the search path: Ficus's own, for a role named
          // ficus.
          .defaultSchema("public")
          .baselineOnMigrate(true)
          .baselineVersion("0")
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "applying the migrations of " + folder + " in " + database + " failed: " + e.getMessage(),
          "mend what the message names, then run the command again",
          e);
    }
  }

  private Optional<Migration> latest() {
    return all().stream()
        .filter(it -> it.description().equals(provision) || it.description().equals(remove))
        .max(Comparator.comparing(Migration::version));
  }

  private Path next(String description) {
    BigInteger highest =
        all().stream()
            .map(Migration::version)
            .max(Comparator.naturalOrder())
            .orElse(BigInteger.ZERO);
    return folder.resolve("V" + highest.add(BigInteger.ONE) + "__" + description + ".sql");
  }

  private List<Migration> all() {
    List<Migration> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      files.forEach(
          file -> {
            Matcher name = VERSIONED.matcher(file.getFileName().toString());
            if (name.matches()) {
              all.add(new Migration(new BigInteger(name.group(1)), name.group(2), file));
            }
          });
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException | UncheckedIOException e) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "reading the migrations folder " + folder + " failed: " + e,
          "make the folder readable, or name another one under migrations in the manifest",
          e);
    }
    return all;
  }

  private boolean applied(Migration migration) {
    try (Connection connection = database.connect("migrations")) {
      try (PreparedStatement exists =
              connection.prepareStatement(
                  "select to_regclass('public.flyway_schema_history') is not null");
          ResultSet row = exists.executeQuery()) {
        row.next();
        if (!row.getBoolean(1)) {
          return false;
        }
      }
      try (PreparedStatement select =
          connection.prepareStatement(
              "select 1 from public.flyway_schema_history where script = ? and success")) {
        select.setString(1, folder.relativize(migration.file()).toString());
        try (ResultSet row = select.executeQuery()) {
          return row.next();
        }
      }
    } catch (SQLException e) {
      throw PostgresException.sql("reading the migration history of " + database, e);
    }
  }
}
