package dev.ficus.control.pages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Executes pages in order, in one folder and against databases of this test: {@code yaml NAME} and
 * {@code sh NAME} blocks become files, {@code sql DATABASE} blocks run there, and each command of a
 * {@code console} block runs in a shell in which {@code ficus} is the real command in a process of
 * its own.
 *
 * <p>What a command prints must be what the page shows, but for numbers, LSNs, units of time and
 * size, and widths. A command that must not end with 0 says so by {@code ; echo "exit code $?"}
 * behind it. With {@code -Dficus.pages.update=true} the pages are rewritten with what was printed.
 */
final class PageRun implements AutoCloseable {

  private static final boolean UPDATE = Boolean.getBoolean("ficus.pages.update");
  private static final Pattern NUMBER = Pattern.compile("\\d+([.,:]\\d+)*");
  private static final Pattern LSN = Pattern.compile("\\b[0-9A-F]{1,8}/[0-9A-F]{1,8}\\b");
  private static final Pattern TIME = Pattern.compile("\\b0 (ms|s|min)\\b");

  private static final Pattern SIZE = Pattern.compile("\\b0 (B|kB|MB|GB)\\b");

  private final Path folder;
  private final Map<String, TestDatabase> databases;
  private final Map<String, String> addresses;

  /**
   * @param folder an empty folder
   * @param databases by the name that sql blocks use
   * @param addresses what pages print for the databases' URLs, by the name of the database
   */
  PageRun(Path folder, Map<String, TestDatabase> databases, Map<String, String> addresses)
      throws IOException {
    this.folder = folder;
    this.databases = databases;
    this.addresses = addresses;
    Path bin = Files.createDirectory(folder.resolve(".bin"));
    Path ficus = bin.resolve("ficus");
    Files.writeString(
        ficus,
        """
        #!/bin/sh
        echo $$ >> "%s/.pids"
        exec "%s/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m -cp "%s" dev.ficus.control.cli.FicusCli "$@"
        """
            .formatted(
                folder, System.getProperty("java.home"), System.getProperty("java.class.path")));
    if (!ficus.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + ficus + " executable");
    }
  }

  void execute(Path file) throws IOException, InterruptedException {
    Page page = Page.read(file);
    List<Page.Part> parts = new ArrayList<>();
    for (Page.Part part : page.parts()) {
      parts.add(part instanceof Page.Block block ? execute(file, block) : part);
    }
    if (UPDATE) {
      new Page(file, parts).write();
    }
  }

  /** Executes a page as far as a line; its output was compared when the whole page was run. */
  void executeUntil(Path file, String line) throws IOException, InterruptedException {
    for (Page.Part part : Page.read(file).parts()) {
      if (part.equals(new Page.Line(line))) {
        return;
      }
      if (part instanceof Page.Block block) {
        execute(file, block);
      }
    }
    throw new IllegalStateException(file + " has no line " + line);
  }

  private Page.Block execute(Path file, Page.Block block) throws IOException, InterruptedException {
    switch (block.kind()) {
      case "yaml" -> {
        if (!block.argument().isEmpty()) {
          Files.writeString(
              folder.resolve(block.argument()), toTest(String.join("\n", block.lines())) + "\n");
        }
        return block;
      }
      case "sql" -> {
        TestDatabase database = databases.get(block.argument());
        assertThat(database)
            .as("%s: the database of a block \"sql %s\"", file, block.argument())
            .isNotNull();
        if (database != null) {
          database.execute(String.join("\n", block.lines()));
        }
        return block;
      }
      case "console" -> {
        List<String> seen = new ArrayList<>();
        for (Page.Command command : Page.commands(block)) {
          List<String> output = run(file, command.line());
          seen.add("$ " + command.line());
          seen.addAll(output);
          if (!UPDATE) {
            assertThat(normalise(output))
                .as("%s: output of: %s%n%s", file, command.line(), String.join("\n", output))
                .isEqualTo(normalise(command.output()));
          }
        }
        return new Page.Block(block.kind(), block.argument(), seen);
      }
      default -> {
        return block;
      }
    }
  }

  private List<String> run(Path file, String command) throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, ".out", "");
    ProcessBuilder shell =
        new ProcessBuilder("bash", "-c", toTest(command))
            .directory(folder.toFile())
            .redirectErrorStream(true);
    shell.redirectOutput(output.toFile());
    shell.environment().put("PATH", folder.resolve(".bin") + ":" + shell.environment().get("PATH"));
    shell.environment().put("USER", "alice");
    Process process = shell.start();
    process.getOutputStream().close();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
      throw new AssertionError(
          file + ": no end after two minutes: " + command + "\n" + Files.readString(output));
    }
    List<String> lines =
        toPage(Files.readString(output))
            .stripTrailing()
            .lines()
            .map(String::stripTrailing)
            // What only a slow machine says.
            .filter(line -> !line.endsWith("; still running"))
            .toList();
    assertThat(process.exitValue())
        .as("%s: exit code of: %s%n%s", file, command, String.join("\n", lines))
        .isZero();
    return lines;
  }

  private String toTest(String text) {
    String mapped = text;
    for (Map.Entry<String, String> address : addresses.entrySet()) {
      mapped = mapped.replace(address.getValue(), url(address.getKey()));
    }
    return mapped;
  }

  private String toPage(String text) {
    String mapped = text;
    for (Map.Entry<String, String> address : addresses.entrySet()) {
      mapped = mapped.replace(url(address.getKey()), address.getValue());
    }
    return mapped.replace(folder + "/", "");
  }

  private String url(String name) {
    TestDatabase database = databases.get(name);
    if (database == null) {
      throw new IllegalArgumentException("no database " + name);
    }
    return database.address().url();
  }

  private static List<String> normalise(List<String> lines) {
    return lines.stream()
        // Servers from version 17 on have it.
        .map(line -> line.replace(", failover => true", ""))
        .map(line -> LSN.matcher(line).replaceAll("LSN"))
        .map(line -> NUMBER.matcher(line).replaceAll("0"))
        .map(line -> SIZE.matcher(line).replaceAll("0 B"))
        .map(line -> TIME.matcher(line).replaceAll("0 ms").replaceAll("\\s+", " ").strip())
        .toList();
  }

  /** Ends the processes that pages left in the background. */
  @Override
  public void close() throws IOException {
    Path pids = folder.resolve(".pids");
    if (Files.exists(pids)) {
      for (String pid : Files.readAllLines(pids)) {
        ProcessHandle.of(Long.parseLong(pid))
            .filter(
                process -> process.info().command().filter(it -> it.endsWith("java")).isPresent())
            .ifPresent(ProcessHandle::destroy);
      }
    }
  }
}
