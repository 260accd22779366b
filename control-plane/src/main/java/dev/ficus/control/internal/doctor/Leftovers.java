package dev.ficus.control.internal.doctor;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Side;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.Streams;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Slots and publications that belong to no stream: they hold back WAL for nobody.
 *
 * <p>A slot without a stream is not yet a leftover: a flip makes its slot before the stream is
 * asked for. So what an unfinished flip has made counts as living.
 */
final class Leftovers implements Check {

  /**
   * A slot or a publication, or both of one name.
   *
   * @param place the database that it is in
   * @param name its name
   * @param active whether somebody reads the slot now
   * @param retained what the slot holds back; empty for a mere publication
   * @param group the manifest's group that it was made for, if any
   */
  record Leftover(
      Place place,
      String name,
      boolean active,
      Optional<Long> retained,
      Optional<GroupName> group) {}

  @Override
  public String name() {
    return "leftovers";
  }

  @Override
  public void examine(Whole whole, Findings findings) throws SQLException {
    for (Leftover leftover : find(whole)) {
      String what =
          (leftover.retained().isPresent() ? "slot " : "publication ")
              + leftover.name()
              + " belongs to no stream";
      String kept =
          leftover
              .retained()
              .map(bytes -> "it holds back " + bytes + " bytes of WAL, and more with each write")
              .orElse("it does no harm, but nothing uses it");
      if (leftover.group().isPresent()) {
        findings.costs(
            leftover.place().name(),
            what,
            kept,
            "ficus doctor --remove-leftovers " + leftover.name());
      } else {
        findings.costs(
            leftover.place().name(),
            what + " of this manifest",
            kept + "; another manifest's migration may own it",
            "find out whose it is; only if nobody's: ficus doctor --remove-leftovers "
                + leftover.name());
      }
    }
  }

  static List<Leftover> find(Whole whole) throws SQLException {
    Set<String> living = new HashSet<>(flips(whole.manifest()));
    for (Place place : whole.places()) {
      if (place.installed()) {
        for (StreamRow stream : Streams.list(place.connection())) {
          living.add(stream.slot());
          living.add(stream.publication());
        }
      }
    }
    List<Leftover> leftovers = new ArrayList<>();
    for (Place place : whole.places()) {
      for (Leftover made : made(whole.manifest(), place)) {
        if (!living.contains(made.name())) {
          leftovers.add(made);
        }
      }
    }
    return leftovers;
  }

  private static List<Leftover> made(Manifest manifest, Place place) throws SQLException {
    return place.list(
        """
        select coalesce(slot_name, pubname), coalesce(active, false), slot_name is not null,
          coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
        from (select slot_name::text, active, restart_lsn from pg_replication_slots
          where database = current_database() and slot_name like 'ficus\\_%') s
        full join (select pubname::text from pg_publication where pubname like 'ficus\\_%') p on pubname = slot_name
        order by 1
        """,
        row ->
            new Leftover(
                place,
                row.getString(1),
                row.getBoolean(2),
                row.getBoolean(3) ? Optional.of(row.getLong(4)) : Optional.empty(),
                group(manifest, row.getString(1))));
  }

  private static Optional<GroupName> group(Manifest manifest, String name) {
    return manifest.groups().stream()
        .map(group -> group.name())
        .filter(
            group ->
                name.matches(
                    "ficus_\\Q" + group.value() + "\\E_(forward|reverse|reference_.+)_\\d+"))
        .findFirst();
  }

  /** The slots that flips which are neither finished nor given up have made. */
  private static Set<String> flips(Manifest manifest) {
    Set<String> slots = new HashSet<>();
    Database store = new Database("control-store", manifest.controlStore());
    try (Connection connection = store.connect("doctor");
        Statement statement = connection.createStatement()) {
      try (ResultSet row =
          statement.executeQuery("select to_regclass('ficus_control.flip') is not null")) {
        row.next();
        if (!row.getBoolean(1)) {
          return slots;
        }
      }
      try (ResultSet row =
          statement.executeQuery(
              """
              select group_name, to_side, epoch from ficus_control.flip where finished_at is null and given_up_at is null
              """)) {
        while (row.next()) {
          GroupName group = new GroupName(row.getString(1));
          Epoch epoch = new Epoch(row.getLong(3));
          slots.add(
              StreamName.of(group, Direction.from(Side.valueOf(row.getString(2)))).slot(epoch));
          for (Service reader : manifest.services()) {
            slots.add(StreamName.reference(group, reader.name()).slot(epoch));
          }
        }
      }
      return slots;
    } catch (SQLException e) {
      throw PostgresException.sql("looking for unfinished flips in the control store", e);
    }
  }
}
