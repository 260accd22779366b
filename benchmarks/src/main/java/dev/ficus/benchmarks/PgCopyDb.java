package dev.ficus.benchmarks;

import dev.ficus.core.manifest.DatabaseAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code pgcopydb} as it is installed, or why it does not run.
 *
 * @param runs whether it can be measured
 * @param description its version, or the reason
 */
record PgCopyDb(boolean runs, String description) {

  private static final Pattern MAJOR = Pattern.compile("(\\d+)[.\\d]*");

  static PgCopyDb find(String serverVersion) throws IOException, InterruptedException {
    String version = firstLine(List.of("pgcopydb", "--version"));
    if (version.isEmpty()) {
      return new PgCopyDb(false, "left out: not installed");
    }
    String dump = firstLine(List.of("pg_dump", "--version"));
    if (major(dump) < major(serverVersion)) {
      return new PgCopyDb(
          false,
          "left out: "
              + (dump.isEmpty() ? "no pg_dump" : dump)
              + " does not read server "
              + serverVersion);
    }
    return new PgCopyDb(true, version);
  }

  private static int major(String version) {
    Matcher matcher = MAJOR.matcher(version);
    return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
  }

  private static String firstLine(List<String> command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      List<String> lines =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.contains("INFO"))
              .toList();
      process.waitFor();
      return lines.isEmpty() ? "" : lines.get(0);
    } catch (IOException e) {
      return "";
    }
  }

  /** Clones a database and returns how many seconds that took. */
  double clone(DatabaseAddress source, DatabaseAddress target)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("ficus-benchmark");
    try {
      String jobs = Integer.toString(Math.max(2, Runtime.getRuntime().availableProcessors()));
      Process process =
          new ProcessBuilder(
                  "pgcopydb",
                  "clone",
                  "--source",
                  uri(source),
                  "--target",
                  uri(target),
                  "--dir",
                  folder.resolve("work").toString(),
                  "--table-jobs",
                  jobs,
                  "--index-jobs",
                  jobs,
                  "--no-owner",
                  "--no-acl")
              .redirectErrorStream(true)
              .start();
      long begun = System.nanoTime();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException("pgcopydb failed: " + output);
      }
      return (System.nanoTime() - begun) / 1e9;
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static String uri(DatabaseAddress address) {
    return address
        .url()
        .substring("jdbc:".length())
        .replace("postgresql://", "postgresql://" + address.user() + "@");
  }
}
