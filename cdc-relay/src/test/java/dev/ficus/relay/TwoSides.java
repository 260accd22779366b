package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.StreamWatch;
import dev.ficus.postgres.StreamWatches;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * A shared database and a service database on different servers, so that their LSNs differ, and the
 * forward stream of group {@code orders} between them.
 */
final class TwoSides implements AutoCloseable {

  static final GroupName GROUP = new GroupName("orders");
  static final StreamName FORWARD = StreamName.of(GROUP, Direction.FORWARD);
  static final Duration PATIENCE = Duration.ofSeconds(60);

  final TestDatabase shared;
  final TestDatabase service;
  final Database source;
  final Database target;
  final Streams streams;
  private Optional<KafkaCluster> kafka = Optional.empty();
  private Via via = Via.DIRECT;
  private final List<Relay> relays = new ArrayList<>();

  TwoSides(String... ddl) {
    this(here(), elsewhere(), ddl);
  }

  /** The same for a role that is no superuser and owns both databases. */
  static TwoSides ofPlainRole(String... ddl) {
    return new TwoSides(
        install(TestPostgres.create().asPlainOwner()),
        install(TestPostgres.createElsewhere().asPlainOwner()),
        ddl);
  }

  /** The same with a shared database of the caller's. */
  static TwoSides of(TestDatabase shared, String... ddl) {
    return new TwoSides(install(shared), elsewhere(), ddl);
  }

  /** The same with a service database of the caller's. */
  static TwoSides into(TestDatabase service, String... ddl) {
    return new TwoSides(here(), install(service), ddl);
  }

  private TwoSides(TestDatabase shared, TestDatabase service, String... ddl) {
    this.shared = shared;
    this.service = service;
    this.source = new Database(Database.SHARED, shared.address());
    this.target = new Database("orders", service.address());
    this.streams = new Streams(target);
    shared.executeAll(ddl);
    service.executeAll(ddl);
  }

  private static TestDatabase here() {
    return TestPostgres.createFrom("ficus", TwoSides::install);
  }

  private static TestDatabase elsewhere() {
    return TestPostgres.createElsewhereFrom("ficus", TwoSides::install);
  }

  private static TestDatabase install(TestDatabase database) {
    FicusSchema.install(new Database("test", database.address()));
    return database;
  }

  /** Has its streams travel over Kafka, and its relays take part in that. */
  TwoSides over(KafkaCluster cluster) {
    return over(cluster, 1);
  }

  /** The same through topics of so many partitions. */
  TwoSides over(KafkaCluster cluster, int partitions) {
    return over(cluster, new Via.Kafka(partitions));
  }

  /** The same where somebody else may publish. */
  TwoSides over(KafkaCluster cluster, Via publisher) {
    kafka = Optional.of(cluster);
    via = publisher;
    return this;
  }

  /** The brokers that its streams travel through, if they do. */
  Optional<KafkaCluster> kafka() {
    return kafka;
  }

  /** Asks for the forward stream of whole tables. */
  void request(String... tables) {
    request("public", List.of(tables));
  }

  void request(String schema, List<String> tables) {
    streams.requestCopy(
        FORWARD,
        GROUP,
        Direction.FORWARD,
        Database.SHARED,
        Epoch.FIRST,
        tables(schema, tables),
        via);
  }

  List<StreamTable> tables(String... names) {
    return tables("public", List.of(names));
  }

  private List<StreamTable> tables(String schema, List<String> names) {
    try (Connection connection = source.connect("test")) {
      return names.stream()
          .map(
              name -> {
                TableName table = new TableName(schema, name);
                Table shape = Tables.read(connection, "the source", table);
                return new StreamTable(table, table, shape.writtenColumns(), shape.key());
              })
          .toList();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  Relay relay() {
    return relay(RelaySettings.DEFAULTS, FaultPoints.NONE);
  }

  Relay relay(RelaySettings settings, FaultPoints faults) {
    return relay(settings, faults, EnumSet.allOf(RelayRole.class));
  }

  /** A relay that does a part of the work, where streams travel over Kafka. */
  Relay relay(RelaySettings settings, FaultPoints faults, Set<RelayRole> roles) {
    Relay relay =
        new Relay(
            Map.of(source.name(), source, target.name(), target),
            settings,
            RelayWatch.plain(),
            kafka.map(cluster -> new RelayKafka(cluster, roles)),
            faults);
    relays.add(relay);
    relay.start();
    return relay;
  }

  Relay relay(RelayWatch watch) {
    Relay relay =
        new Relay(
            Map.of(source.name(), source, target.name(), target),
            RelaySettings.DEFAULTS,
            watch,
            FaultPoints.NONE);
    relays.add(relay);
    relay.start();
    return relay;
  }

  /** Breaks all connections of the stream's run, as a failing network does. */
  void breakConnections() {
    for (TestDatabase database : List.of(shared, service)) {
      database.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ficus relay orders.forward' and datname = current_database()");
    }
  }

  void awaitStreaming() {
    streams.awaitStreaming(FORWARD, PATIENCE);
  }

  /** Waits until everything committed in the source so far is in the target. */
  void awaitCaughtUp() {
    streams.awaitPosition(FORWARD, Marker.write(source), PATIENCE);
  }

  /** Whether the forward stream has tables that are yet to be copied. */
  boolean isCopying() {
    StreamRow row = row();
    return row.state() != StreamState.STREAMING || row.tablesToCopy() > 0;
  }

  StreamRow row() {
    return streams.find(FORWARD).orElseThrow();
  }

  /** What a relay has noted about the forward stream. */
  Optional<StreamWatch> note() {
    try (Connection connection = target.connect("test")) {
      return StreamWatches.list(connection).stream()
          .filter(note -> note.stream().equals(FORWARD))
          .findFirst();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  void awaitNote(Predicate<StreamWatch> wanted) {
    awaitRow(row -> note().filter(wanted).isPresent());
  }

  StreamRow awaitRow(Predicate<StreamRow> wanted) {
    return awaitRow(FORWARD, wanted);
  }

  StreamRow awaitRow(StreamName stream, Predicate<StreamRow> wanted) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (Connection connection = target.connect("test")) {
      while (true) {
        StreamRow row =
            Streams.list(connection).stream()
                .filter(one -> one.name().equals(stream))
                .findFirst()
                .orElseThrow();
        if (wanted.test(row)) {
          return row;
        }
        assertThat(System.nanoTime()).as("waiting; the stream is %s", row).isLessThan(deadline);
        LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until the slot is acknowledged past everything committed in the source so far. */
  void awaitAcknowledged() {
    Lsn marker = Marker.write(source);
    shared.await(
        "select bool_and(confirmed_flush_lsn >= '%s') from pg_replication_slots where slot_name = '%s'"
            .formatted(marker, row().slot()),
        "t");
  }

  StreamRow awaitFailed() {
    return awaitRow(row -> row.state() == StreamState.FAILED);
  }

  List<String> rows(TestDatabase database, String table) {
    return database.query("select t::text from public.\"" + table + "\" t order by 1");
  }

  void assertEqual(String... tables) {
    for (String table : tables) {
      assertThat(rows(service, table)).as(table).isEqualTo(rows(shared, table));
    }
  }

  /** Breaks every connection that a relay has to either side. */
  void endRelayConnections() {
    for (TestDatabase side : List.of(shared, service)) {
      side.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'ficus relay%' and datname = current_database()");
    }
  }

  /** Ends the relays, so that the stream stands still until there is another one. */
  void stopRelays() {
    relays.forEach(Relay::close);
    relays.clear();
  }

  @Override
  public void close() {
    stopRelays();
    shared.close();
    service.close();
  }
}
