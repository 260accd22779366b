package dev.ficus.benchmarks;

import dev.ficus.testkit.TestKafka;
import java.io.IOException;

/** A Kafka broker, until its input ends. */
public final class BrokerProcess {

  /** What its line with the broker's address begins with. */
  public static final String ADDRESS = "broker ";

  private BrokerProcess() {}

  /** Runs it. */
  public static void main(String[] arguments) throws IOException {
    try (TestKafka kafka = TestKafka.start()) {
      System.out.println(ADDRESS + kafka.bootstrapServers());
      while (System.in.read() >= 0) {
        // Until the end.
      }
    }
    System.exit(0);
  }
}
