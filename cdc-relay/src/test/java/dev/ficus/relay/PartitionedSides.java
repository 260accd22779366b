package dev.ficus.relay;

import dev.ficus.core.Epoch;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;

/** Two sides with tables that are partitioned on one of them, or on both. */
abstract class PartitionedSides {

  static final RelaySettings ADDITIVE = RelaySettings.DEFAULTS.withAdditive(Set.of(TwoSides.GROUP));

  /** Four kinds of partitioning, of which one has columns in another order and one two levels. */
  static final List<String> PARTITIONED =
      List.of(
          "create table public.ranges (id int, at date, note text, big text, primary key (id, at)) partition by range (at)",
          "alter table public.ranges alter big set storage external",
          "create table public.ranges_1 partition of public.ranges for values from ('2024-01-01') to ('2024-02-01')",
          "create table public.ranges_2 (dropped int, big text, note text, at date not null, id int not null)",
          "alter table public.ranges_2 drop column dropped, alter big set storage external, add primary key (id, at)",
          "alter table public.ranges attach partition public.ranges_2 for values from ('2024-02-01') to ('2024-03-01')",
          "create table public.ranges_rest partition of public.ranges default",
          "create table public.lists (kind text, id int, v int, primary key (kind, id)) partition by list (kind)",
          "create table public.lists_a partition of public.lists for values in ('a')",
          "create table public.lists_b partition of public.lists for values in ('b', 'c') partition by hash (id)",
          "create table public.lists_b0 partition of public.lists_b for values with (modulus 2, remainder 0)",
          "create table public.lists_b1 partition of public.lists_b for values with (modulus 2, remainder 1)",
          "create table public.hashes (id bigint, v text not null, primary key (id)) partition by hash (id)",
          "create table public.hashes_0 partition of public.hashes for values with (modulus 3, remainder 0)",
          "create table public.hashes_1 partition of public.hashes for values with (modulus 3, remainder 1)",
          "create table public.hashes_2 partition of public.hashes for values with (modulus 3, remainder 2)",
          "create table public.wholes (id int not null, part int not null, v text, unique (id, part)) partition by list (part)",
          "create table public.wholes_1 partition of public.wholes for values in (1)",
          "create table public.wholes_2 partition of public.wholes for values in (2)",
          "alter table public.wholes replica identity full",
          "alter table public.wholes_1 replica identity full",
          "alter table public.wholes_2 replica identity full");

  static final List<String> PLAIN =
      List.of(
          "create table public.ranges (id int, at date, note text, big text, primary key (id, at))",
          "create table public.lists (kind text, id int, v int, primary key (kind, id))",
          "create table public.hashes (id bigint, v text not null, primary key (id))",
          "create table public.wholes (id int not null, part int not null, v text, unique (id, part))",
          "alter table public.wholes replica identity full");

  static final String[] TABLES = {"ranges", "lists", "hashes", "wholes"};

  /** Which sides are partitioned. */
  enum Cut {
    BOTH(true, true),
    SOURCE(true, false),
    TARGET(false, true);

    final boolean source;
    final boolean target;

    Cut(boolean source, boolean target) {
      this.source = source;
      this.target = target;
    }
  }

  final TwoSides sides = new TwoSides();

  void create(Cut cut) {
    (cut.source ? PARTITIONED : PLAIN).forEach(sides.shared::execute);
    (cut.target ? PARTITIONED : PLAIN).forEach(sides.service::execute);
    sides.shared.execute(
        """
        insert into public.ranges select i, date '2024-01-01' + i % 90, 'n' || i, repeat(md5(i::text), 100) from generate_series(1, 600) i;
        insert into public.lists select chr(97 + i % 3), i, i from generate_series(1, 300) i;
        insert into public.hashes select i, 'v' || i from generate_series(1, 300) i;
        insert into public.wholes select i, 1 + i % 2, repeat(md5(i::text), 100) from generate_series(1, 100) i;
        """);
  }

  void stream(RelaySettings settings, String... tables) {
    sides.request(tables);
    sides.relay(settings, FaultPoints.NONE);
    sides.awaitStreaming();
  }

  @AfterEach
  void dropSides() {
    sides.close();
  }

  void fence() {
    new Fence(sides.source, TwoSides.GROUP)
        .install(
            List.of(new TableName("public", "ranges"), new TableName("public", "lists")),
            FenceState.OPEN,
            Epoch.FIRST,
            Duration.ofSeconds(5));
  }
}
