package dev.ficus.relay;

import dev.ficus.core.Via;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestConnect;
import dev.ficus.testkit.TestKafka;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** The same over Kafka Connect: where a change stands in the WAL is what its record says. */
@Rule({"R1", "R10"})
class ConnectGuardTest extends GuardTest {

  private @Nullable TestConnect connect;

  @Override
  TwoSides travelling(TwoSides direct) {
    direct.shared.execute("alter table public.item replica identity full");
    try {
      TestConnect worker = new TestConnect(TestKafka.shared(), direct.shared, "public.item");
      connect = worker;
      return direct.over(worker.connect().cluster(), Via.CONNECT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterEach
  void stopConnect() {
    if (connect != null) {
      connect.close();
    }
  }
}
