package dev.ficus.demo;

import dev.ficus.control.ControlPlane;
import dev.ficus.control.GroupStatus;
import dev.ficus.control.InstanceSummary;
import dev.ficus.control.manifest.ManifestReader;
import dev.ficus.core.GroupName;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.demo.check.Checker;
import dev.ficus.demo.check.CopyCheck;
import dev.ficus.demo.check.Finding;
import dev.ficus.demo.check.ListingCheck;
import dev.ficus.demo.check.SharedTables;
import dev.ficus.demo.check.StoreReader;
import dev.ficus.demo.check.StoreState;
import dev.ficus.demo.check.Verdict;
import dev.ficus.demo.script.History;
import dev.ficus.demo.script.Migration;
import dev.ficus.demo.script.Sabotage;
import dev.ficus.demo.script.StoreManifest;
import dev.ficus.demo.show.Display;
import dev.ficus.demo.show.Result;
import dev.ficus.demo.show.ResultFile;
import dev.ficus.demo.show.StatusWatch;
import dev.ficus.demo.show.Summary;
import dev.ficus.demo.stage.Stage;
import dev.ficus.demo.traffic.Ledger;
import dev.ficus.demo.traffic.StoreSize;
import dev.ficus.demo.traffic.Traffic;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run, from the first server to the last line of the summary. */
final class DemoRun {

  private static final Logger LOG = LoggerFactory.getLogger(DemoRun.class);

  /** What a run takes besides its rests, for stretching it to a given length. */
  private static final Duration WORK = Duration.ofSeconds(80);

  /** How many rests the migration has. */
  private static final int RESTS = 8;

  /** The gate's samples at the usual rate; fewer where fewer reads come. */
  private static final int SHADOW_SAMPLES = 20;

  /** Longer than order-service leaves an order unfinished. */
  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private final DemoOptions options;
  private final Path folder;
  private final Display display;
  private final Clock clock = Clock.systemUTC();
  private final long start = System.nanoTime();

  DemoRun(DemoOptions options, Path folder, Display display) {
    this.options = options;
    this.folder = folder;
    this.display = display;
  }

  /** Runs, and returns the process's exit code. */
  int run() throws IOException {
    StoreSize size = StoreSize.ofRows(options.rows);
    options.fault.ifPresent(
        fault -> display.say("a fault will be injected: " + fault + ", " + fault.what()));
    try (Stage stage = Stage.open(folder, size, display::say, display::interrupted);
        Ledger ledger = new Ledger(folder.resolve("ledger.tsv"), clock)) {
      Result result = migrate(stage, size, ledger);
      // On the screen first: writing a file may fail.
      display.print(Summary.of(result, options.fault));
      options.json.ifPresent(file -> ResultFile.write(file, result));
      if (options.keep) {
        keep(stage);
      }
      return result.exitCode(options.fault);
    }
  }

  private Result migrate(Stage stage, StoreSize size, Ledger ledger) {
    StoreState seed = new StoreReader(stage.shared(), stage.shared(), stage.shared()).read();
    display.say("the store holds " + seed.fixed().size() + " rows");
    Manifest manifest = ManifestReader.read(StoreManifest.write(stage, samples()));
    stage.startRelay(manifest.file());
    History history = new History(clock);
    Traffic traffic = new Traffic(stage.store(), size, ledger, options.rate, options.seed);
    try (ControlPlane control = ControlPlane.open(manifest, "demo", display::progress)) {
      Optional<String> stopped;
      try (StatusWatch watch =
          new StatusWatch(
              control::status, traffic.meter()::read, ledger::acknowledgedWrites, display)) {
        display.say(options.rate + " requests/s from now on");
        try (traffic) {
          traffic.start();
          watch.start();
          stopped = migrate(manifest, control, stage, size, ledger, history);
        }
      }
      display.say("the customers have stopped; comparing their record with the databases");
      List<GroupStatus> end = control.status();
      Verdict verdict = check(stage, seed, ledger, end);
      look(stage, manifest, history);
      return new Result(
          ledger.acknowledgedWrites(),
          ledger.unknownWrites(),
          ledger.longestGap(),
          options.rate,
          traffic.meter().read(),
          verdict,
          history,
          sum(end, InstanceSummary::readsShared),
          sum(end, InstanceSummary::readsService),
          sum(end, InstanceSummary::shadowCompared),
          sum(end, InstanceSummary::shadowMismatches),
          end.stream()
              .map(group -> group.instances().fenceWaitMax())
              .max(Comparator.naturalOrder())
              .orElse(Duration.ZERO),
          stage.footprint().peakBytes(),
          Duration.ofNanos(System.nanoTime() - start),
          stopped);
    }
  }

  private Optional<String> migrate(
      Manifest manifest,
      ControlPlane control,
      Stage stage,
      StoreSize size,
      Ledger ledger,
      History history) {
    Optional<Sabotage> sabotage =
        options.fault.map(fault -> new Sabotage(fault, stage, size, ledger));
    try {
      new Migration(manifest, control, stage, history, sabotage, dwell(), display::say).run();
      return Optional.empty();
    } catch (RuntimeException e) {
      // The check still follows: a migration that stopped must not have lost anything either.
      LOG.error("the migration stopped", e);
      display.say("the migration stopped: " + e.getMessage());
      return Optional.of(String.valueOf(e.getMessage()));
    } finally {
      sabotage.ifPresent(Sabotage::close);
    }
  }

  private int samples() {
    return Math.max(1, Math.min(SHADOW_SAMPLES, options.rate / 2));
  }

  private Duration dwell() {
    return options
        .minutes
        .map(minutes -> Duration.ofMillis((long) (minutes * 60_000)).minus(WORK).dividedBy(RESTS))
        .filter(rest -> rest.toMillis() > options.dwell * 1000)
        .orElse(Duration.ofMillis((long) (options.dwell * 1000)));
  }

  /** Which tables are gone is looked up, not believed. */
  private static void look(Stage stage, Manifest manifest, History history) {
    SharedTables shared = new SharedTables(stage.shared());
    for (GroupName group : StoreManifest.GROUPS) {
      List<TableName> tables = manifest.group(group).orElseThrow().tables();
      List<TableName> left = shared.present(tables);
      history.looked(group, tables.stream().filter(table -> !left.contains(table)).toList(), left);
    }
  }

  /** Each group is checked where it is written now. */
  private static Verdict check(Stage stage, StoreState seed, Ledger ledger, List<GroupStatus> end) {
    DatabaseAddress users = written(end, 0, stage.shared(), stage.users());
    DatabaseAddress inventory = written(end, 1, stage.shared(), stage.inventory());
    DatabaseAddress orders = written(end, 2, stage.shared(), stage.orders());
    Verdict verdict =
        new Checker(seed, ledger.expectations(), ledger.changedSince())
            .check(new StoreReader(users, inventory, orders).readSettled(RECOVERY));
    if (orders.equals(stage.shared())) {
      return verdict;
    }
    List<Finding> findings = new ArrayList<>(verdict.findings());
    List<Finding> copies = new CopyCheck(users, inventory, orders).check();
    findings.addAll(copies);
    if (copies.isEmpty()) {
      URI listing = stage.store().orders().resolve("/listing?limit=20");
      findings.addAll(new ListingCheck(listing, users, inventory, orders).check());
    }
    return new Verdict(verdict.subjects(), verdict.compensations(), findings);
  }

  private static DatabaseAddress written(
      List<GroupStatus> end, int group, DatabaseAddress shared, DatabaseAddress service) {
    return end.get(group).phase().writeSide() == Side.SHARED ? shared : service;
  }

  private static long sum(List<GroupStatus> end, ToLongFunction<InstanceSummary> count) {
    return end.stream().map(GroupStatus::instances).mapToLong(count).sum();
  }

  private void keep(Stage stage) throws IOException {
    display.print(
        List.of(
            "",
            "  everything is still running:",
            "    shared database     " + stage.shared(),
            "    user database       " + stage.users(),
            "    inventory database  " + stage.inventory(),
            "    order database      " + stage.orders(),
            "    (user postgres, no password)",
            "    user-service        " + stage.store().users() + "/users/1",
            "    inventory-service   " + stage.store().inventory() + "/products/1",
            "    order-service       " + stage.store().orders() + "/listing",
            "    manifest and logs   " + folder,
            "  Enter or Ctrl-C ends it."));
    if (System.in.read() < 0) {
      // No terminal to press Enter on: only a signal can end it.
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
