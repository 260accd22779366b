package dev.ficus.control.cli;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.relay.Relay;
import dev.ficus.relay.RelaySettings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;

@Command(
    name = "relay",
    description = {
      "Runs the streams of all databases of the manifest until it is told to end (SIGTERM).",
      "It may be killed at any instant; several may run, each stream is carried by one."
    })
final class RelayCommand extends ControlCommand {

  @Override
  public Integer call() throws InterruptedException {
    if (System.getProperty("ficus.log") == null) {
      System.setProperty("ficus.log", "INFO");
    }
    Manifest manifest = manifest();
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    Thread onTerm =
        new Thread(
            () -> {
              end.countDown();
              try {
                ended.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "ficus-relay-end");
    Runtime.getRuntime().addShutdownHook(onTerm);
    try (Relay relay = new Relay(databases(manifest), RelaySettings.DEFAULTS, FaultPoints.NONE)) {
      relay.start();
      out().println("relay runs for " + databases(manifest).keySet() + "; end it with SIGTERM");
      out().flush();
      end.await();
    } finally {
      ended.countDown();
    }
    return 0;
  }

  private static Map<String, Database> databases(Manifest manifest) {
    Map<String, Database> databases = new LinkedHashMap<>();
    databases.put(Database.SHARED, new Database(Database.SHARED, manifest.shared()));
    for (Service service : manifest.services()) {
      String name = service.name().value();
      databases.put(name, new Database(name, service.database()));
    }
    return databases;
  }
}
