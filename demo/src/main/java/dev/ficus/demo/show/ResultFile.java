package dev.ficus.demo.show;

import dev.ficus.core.GroupName;
import dev.ficus.demo.check.Finding.Damage;
import dev.ficus.demo.script.History;
import dev.ficus.demo.script.StoreManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The result as JSON. */
public final class ResultFile {

  private ResultFile() {}

  /** Why the file could not be written, found by making another one next to it. */
  public static Optional<String> obstacle(Path file) {
    if (Files.isDirectory(file)) {
      return Optional.of("it is a folder");
    }
    if (isDevice(file)) {
      return Files.isWritable(file) ? Optional.empty() : Optional.of("it is not writable");
    }
    try {
      Files.delete(temporary(file));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("no file can be made in " + folder(file) + " (" + e + ")");
    }
  }

  /** Writes the file whole, replacing one that is there. */
  public static void write(Path file, Result result) {
    try {
      if (isDevice(file)) {
        Files.writeString(file, json(result) + "\n");
        return;
      }
      Path temporary = temporary(file);
      try {
        Files.writeString(temporary, json(result) + "\n");
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing " + file + " failed", e);
    }
  }

  /** Such as {@code /dev/stdout}: nothing that could be replaced. */
  private static boolean isDevice(Path file) {
    return Files.exists(file) && !Files.isRegularFile(file);
  }

  /** In the same folder, so that it can be renamed into place. */
  private static Path temporary(Path file) throws IOException {
    // Unlike Files.createTempFile, with the rights that any file of this user gets.
    Path temporary =
        folder(file).resolve("." + file.getFileName() + "." + ProcessHandle.current().pid());
    return Files.writeString(temporary, "");
  }

  private static Path folder(Path file) {
    return Objects.requireNonNull(file.toAbsolutePath().getParent(), "a folder has no name");
  }

  static String json(Result result) {
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsString(fields(result));
  }

  private static Map<String, Object> fields(Result result) {
    History history = result.history();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("acknowledgedWrites", result.acknowledgedWrites());
    fields.put("unknownWrites", result.unknownWrites());
    fields.put("lost", result.verdict().count(Damage.LOST));
    fields.put("ghosts", result.verdict().count(Damage.GHOST));
    fields.put("stale", result.verdict().count(Damage.STALE));
    fields.put("requests", result.traffic().requests());
    fields.put("failedRequests", result.traffic().failed());
    Map<String, Object> rate = new LinkedHashMap<>();
    rate.put("asked", result.askedRate());
    rate.put("reached", Math.round(result.traffic().rate() * 10) / 10.0);
    rate.put("skippedTicks", result.traffic().skipped());
    fields.put("rate", rate);
    fields.put("readsBehindOwnWrites", result.traffic().staleReads());
    fields.put("compensations", result.verdict().compensations());
    fields.put("flips", history.flips());
    fields.put("rollbacks", history.rollbacks());
    List<Duration> pauses = history.pauses();
    fields.put(
        "writePauseMillis",
        ordered(
            "p50",
            Percentile.median(pauses).toMillis(),
            "max",
            Percentile.longest(pauses).toMillis()));
    Map<String, Object> clients = new LinkedHashMap<>();
    clients.put("longestFenceWait", result.fenceWaitMax().toMillis());
    clients.put("slowestWrite", result.traffic().slowestWrite().toMillis());
    clients.put("longestGapBetweenWrites", result.longestGap().toMillis());
    fields.put("clientMillis", clients);
    fields.put("reads", ordered("shared", result.readsShared(), "service", result.readsService()));
    fields.put(
        "shadow",
        ordered("compared", result.shadowCompared(), "mismatches", result.shadowMismatches()));
    Map<String, Object> reconciled = new LinkedHashMap<>();
    reconciled.put("tables", history.reconciled().tables());
    reconciled.put("rows", history.reconciled().rows());
    reconciled.put("mismatches", history.reconciled().mismatches());
    reconciled.put("unknown", history.reconciled().unknown());
    fields.put("reconciled", reconciled);
    fields.put("sequenceCollisions", result.traffic().sequenceCollisions());
    fields.put("groups", StoreManifest.GROUPS.stream().map(it -> group(history, it)).toList());
    fields.put(
        "peakMemoryMiB",
        result.peakBytes().isPresent() ? result.peakBytes().getAsLong() >> 20 : "unknown");
    fields.put("seconds", result.took().toSeconds());
    fields.put("warnings", result.warnings());
    fields.put("broken", result.broken());
    return fields;
  }

  private static Map<String, Object> group(History history, GroupName group) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", group.value());
    fields.put("phases", history.phases(group).stream().map(ResultFile::phase).toList());
    fields.put("tablesDropped", history.dropped(group).stream().map(it -> it.name()).toList());
    return fields;
  }

  private static Map<String, Object> phase(History.Reached reached) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("phase", reached.phase().name());
    fields.put("at", reached.at().toString());
    return fields;
  }

  private static Map<String, Object> ordered(String a, long first, String b, long second) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(a, first);
    fields.put(b, second);
    return fields;
  }
}
