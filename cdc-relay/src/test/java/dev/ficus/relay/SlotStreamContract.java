package dev.ficus.relay;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What streams on a slot of Ficus's own carry beyond what those over Kafka Connect do. */
abstract class SlotStreamContract extends StreamContract {

  @Test
  void shouldCarryAPartitionedTable() {
    for (var side : List.of(sides.shared, sides.service)) {
      side.execute(
          """
          create table public.parts (id int, kind text, v text, primary key (id, kind)) partition by list (kind);
          create table public.parts_a partition of public.parts for values in ('a');
          create table public.parts_b (v text, kind text, id int, primary key (id, kind));
          alter table public.parts attach partition public.parts_b default;
          """);
    }
    sides.shared.execute(
        "insert into public.parts select i, chr(97 + i % 3), repeat(md5(i::text), 200) from generate_series(1, 100) i");
    sides.request("parts");
    sides.relay();
    sides.awaitStreaming();

    sides.shared.execute(
        "update public.parts set kind = 'a' where kind = 'b'; delete from public.parts_b where id % 2 = 0; update public.parts set kind = 'd', id = -id where id % 5 = 0");
    sides.awaitCaughtUp();

    sides.assertEqual("parts");
  }
}
