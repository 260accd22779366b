package dev.ficus.control.internal.doctor;

import dev.ficus.control.Diagnosis;
import dev.ficus.control.internal.references.FicusInstalled;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.Routes;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs every check on everything that can be reached, so that one run names all trouble. */
public final class Doctor implements AutoCloseable {

  private static final List<Check> CHECKS =
      List.of(
          new ServerVersion(),
          new WalLevel(),
          new FreeSlots(),
          new WalLimits(),
          new Standbys(),
          new Privileges(),
          new Ownership(),
          new Grants(),
          new Shapes(),
          new CarriedColumns(),
          new TargetTriggers(),
          new ForeignKeyCircles(),
          new LooseEnds(),
          new HoldingTransactions(),
          new FailedStreams(),
          new Leftovers(),
          new Clocks());

  private final Findings findings = new Findings();
  private final Map<String, Place> places = new LinkedHashMap<>();

  private Doctor() {}

  /** Examines all groups of a manifest, or one. */
  public static Diagnosis examine(
      Manifest manifest, Optional<GroupName> only, List<String> removed) {
    List<Group> groups =
        manifest.groups().stream()
            .filter(group -> only.isEmpty() || only.get().equals(group.name()))
            .toList();
    try (Doctor doctor = new Doctor()) {
      boolean all = doctor.reach(manifest, groups);
      List<Check> checks = checks(manifest);
      for (Check check : checks) {
        doctor.findings.of(check);
        for (Place place : doctor.places.values()) {
          doctor.run(place.name(), () -> check.examine(place, doctor.findings));
        }
        for (Group group : groups) {
          doctor.examine(check, group);
        }
        if (all) {
          Whole whole = new Whole(manifest, List.copyOf(doctor.places.values()));
          doctor.run("all databases", () -> check.examine(whole, doctor.findings));
        }
      }
      return new Diagnosis(
          checks.stream().map(Check::name).toList(), doctor.findings.gravestFirst(), removed);
    }
  }

  private static List<Check> checks(Manifest manifest) {
    List<Check> checks = new ArrayList<>(CHECKS);
    if (Brokers.concern(manifest)) {
      checks.add(new Brokers());
    }
    manifest
        .kafka()
        .flatMap(KafkaCluster::connect)
        .ifPresent(connect -> checks.add(new Connectors(connect)));
    return List.copyOf(checks);
  }

  /** Removes leftovers that the operator has named. */
  public static List<String> remove(Manifest manifest, String actor, List<String> confirmed) {
    try (Doctor doctor = new Doctor()) {
      doctor.reach(manifest, manifest.groups());
      return new LeftoverRemoval(manifest, List.copyOf(doctor.places.values()), actor)
          .remove(confirmed);
    }
  }

  /** Returns whether all databases of the manifest could be reached. */
  private boolean reach(Manifest manifest, List<Group> groups) {
    findings.of("reachable");
    reach(new Database(Database.SHARED, manifest.shared()));
    for (Service service : manifest.services()) {
      // All services: leftovers and slots are judged by what lives anywhere.
      reach(new Database(service.name().value(), service.database()));
    }
    return groups.stream().allMatch(group -> places.containsKey(group.service().value()))
        && places.size() == manifest.services().size() + 1;
  }

  private void reach(Database database) {
    try {
      Connection connection = database.connect("doctor");
      places.put(
          database.name(),
          new Place(
              database,
              connection,
              FicusInstalled.on(connection),
              ReplicaRole.mayBeTaken(connection)));
    } catch (SQLException e) {
      unreachable(database, SqlErrors.describe(e));
    } catch (FicusException e) {
      unreachable(database, String.valueOf(e.getMessage()).replaceFirst("\n(?s:.*)", ""));
    }
  }

  private void unreachable(Database database, String why) {
    findings.stops(
        database.name(),
        why,
        "nothing about this database could be checked, and leftovers nowhere",
        "correct the manifest's address, role or password, or let the server accept them; then run the doctor again");
  }

  private void examine(Check check, Group group) {
    Place shared = places.get(Database.SHARED);
    Place service = places.get(group.service().value());
    if (shared != null && service != null) {
      run(
          group.name().value(),
          () -> check.examine(new Patient(group, shared, service, phase(shared, group)), findings));
    }
  }

  private static Phase phase(Place shared, Group group) throws SQLException {
    if (!shared.installed()) {
      return Phase.SHARED;
    }
    return Routes.read(shared.connection()).stream()
        .filter(route -> route.group().equals(group.name()))
        .findFirst()
        .map(route -> route.phase())
        .orElse(Phase.SHARED);
  }

  private interface Examination {
    void run() throws SQLException;
  }

  private void run(String where, Examination examination) {
    try {
      examination.run();
    } catch (SQLException e) {
      failed(where, SqlErrors.describe(e));
    } catch (FicusException e) {
      failed(where, String.valueOf(e.getMessage()).replaceFirst("\n(?s:.*)", ""));
    }
  }

  private void failed(String where, String why) {
    findings.stops(
        where,
        "the check itself failed: " + why,
        "what it looks for may be there",
        "mend what the message names, then run the doctor again");
  }

  @Override
  public void close() {
    for (Place place : places.values()) {
      try {
        place.connection().close();
      } catch (SQLException e) {
        // Nothing was written on it; the process is about to end.
        findings.note(place.name(), "a connection did not close", SqlErrors.describe(e), "nothing");
      }
    }
  }
}
