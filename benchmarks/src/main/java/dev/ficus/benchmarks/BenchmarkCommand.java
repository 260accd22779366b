package dev.ficus.benchmarks;

import dev.ficus.benchmarks.stream.KafkaBenchmark;
import dev.ficus.benchmarks.stream.LagBenchmark;
import dev.ficus.benchmarks.stream.SourceLoadBenchmark;
import dev.ficus.benchmarks.stream.StreamBenchmark;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code benchmarks/run NAME}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = "Measures what Ficus costs beside its peers, in one run.",
    footer = {
      "",
      "Benchmarks:",
      "  copy         how fast tables get from one server into another",
      "  fence        what the fence and capture triggers cost a writer",
      "  kafka        how fast a backlog is drained over Kafka",
      "  lag          how long a commit takes to be visible in the target",
      "  scale        how cost grows with rows, changes, tables and targets",
      "  source-load  what a following stream costs the source's own work",
      "  stream       how fast a backlog is drained"
    })
public final class BenchmarkCommand implements Callable<Integer> {

  private static final Map<String, Benchmark> BENCHMARKS =
      Map.of(
          "copy", new CopyBenchmark(),
          "fence", new FenceBenchmark(),
          "kafka", new KafkaBenchmark(),
          "lag", new LagBenchmark(),
          "scale", new ScaleBenchmark(),
          "source-load", new SourceLoadBenchmark(),
          "stream", new StreamBenchmark());

  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "the benchmark")
  private String name = "";

  @Option(
      names = "--runs",
      defaultValue = "5",
      description = "runs of each contender (default: ${DEFAULT-VALUE})")
  private int runs;

  @Option(names = "--json", paramLabel = "FILE", description = "writes the report there as well")
  private @Nullable Path json;

  /** Runs a benchmark and ends with 0, or 64 where there is none of that name. */
  public static void main(String[] arguments) {
    // The broker's own test kit brings one that writes every library's lines between the results.
    System.setProperty("log4j2.configurationFile", "dev/ficus/benchmarks/log4j2.properties");
    // Where none is there, its absence is no news.
    System.setProperty("slf4j.internal.verbosity", "ERROR");
    System.exit(new CommandLine(new BenchmarkCommand()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    CommandLine commandLine = java.util.Objects.requireNonNull(spec).commandLine();
    Benchmark benchmark = BENCHMARKS.get(name);
    if (benchmark == null) {
      throw new ParameterException(
          commandLine, "there is no benchmark " + name + "; there is " + BENCHMARKS.keySet());
    }
    if (runs < 1) {
      throw new ParameterException(commandLine, "--runs must be at least 1: " + runs);
    }
    Report report = benchmark.run(runs);
    PrintWriter out = commandLine.getOut();
    out.printf(
        "%s, median of %d runs (%s)%n",
        report.benchmark(), report.runs(), new TreeMap<>(report.settings()));
    new TreeMap<>(report.median())
        .forEach(
            (contender, median) ->
                out.printf(
                    Locale.ROOT,
                    "  %-14s %,12.2f %s%s%n",
                    contender,
                    median,
                    report.unit(),
                    report.ratios().containsKey(contender)
                        ? String.format(
                            Locale.ROOT,
                            "   ficus is %.2f times as good",
                            report.ratios().get(contender))
                        : ""));
    if (report.residentMiB() != null) {
      out.printf(
          Locale.ROOT, "  ficus had at most %,.0f MiB of memory resident%n", report.residentMiB());
    }
    out.flush();
    if (json != null) {
      JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValue(json, report);
    }
    return 0;
  }
}
