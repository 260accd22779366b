package dev.ficus.demo;

import dev.ficus.demo.check.Checker;
import dev.ficus.demo.check.StoreReader;
import dev.ficus.demo.check.StoreState;
import dev.ficus.demo.check.Verdict;
import dev.ficus.demo.stage.Stage;
import dev.ficus.demo.traffic.Ledger;
import dev.ficus.demo.traffic.StoreSize;
import dev.ficus.demo.traffic.Traffic;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;

/** Trial. */
public final class DemoCommand {
  private DemoCommand() {}

  public static void main(String[] arguments) throws Exception {
    System.setProperty("logback.configurationFile", "demo-logback.xml");
    long t0 = System.nanoTime();
    StoreSize size = StoreSize.ofRows(240_000);
    Path folder = Path.of(".ficus/demo/run-" + ProcessHandle.current().pid()).toAbsolutePath();
    Files.createDirectories(folder);
    System.setProperty("ficus.demo.log", folder.resolve("demo.log").toString());
    try (Stage stage =
        Stage.open(
            folder, size, s -> System.out.println((System.nanoTime() - t0) / 1000000 + " " + s))) {
      System.out.println((System.nanoTime() - t0) / 1000000 + " ready");
      StoreReader reader = new StoreReader(stage.shared(), stage.shared(), stage.shared());
      StoreState seed = reader.read();
      System.out.println(
          (System.nanoTime() - t0) / 1000000
              + " baseline "
              + seed.states().size()
              + " "
              + seed.fixed().size());
      try (Ledger ledger = new Ledger(folder.resolve("ledger.tsv"), Clock.systemUTC())) {
        Traffic traffic =
            new Traffic(stage.store(), size, ledger, Integer.parseInt(arguments[0]), 7);
        try (traffic) {
          traffic.start();
          for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            Thread.sleep(2000);
            System.out.println(
                (System.nanoTime() - t0) / 1000000
                    + " "
                    + traffic.meter().read()
                    + " "
                    + stage.footprint().measure());
          }
        }
        Verdict verdict = new Checker(seed, ledger.expectations()).check(reader.read());
        System.out.println(
            (System.nanoTime() - t0) / 1000000
                + " acked "
                + ledger.acknowledgedWrites()
                + " subjects "
                + verdict.subjects()
                + " findings "
                + verdict.findings().size());
        verdict.findings().stream().limit(10).forEach(System.out::println);
      }
    }
    System.out.println((System.nanoTime() - t0) / 1000000 + " ended");
  }
}
