package dev.ficus.control.cli;

import dev.ficus.control.StreamReport;
import dev.ficus.core.ErrorKind;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "streams",
    description = {
      "Shows each stream: state, position, lag, rate, what its slot holds back, retries, failures.",
      "It measures rates for a moment, changes nothing, and needs no control store.",
      "Exits with 3 if a database could not be asked."
    })
final class StreamsCommand extends ControlCommand {

  @Option(
      names = "--over",
      paramLabel = "MILLIS",
      defaultValue = "1000",
      description = "How long rates are measured, in milliseconds; default: ${DEFAULT-VALUE}.")
  private int over = 1000;

  @Override
  public Integer call() throws InterruptedException {
    StreamReport report = StreamReport.of(manifest(), Duration.ofMillis(Math.max(1, over)));
    out().println(json() ? WatchJson.of(report) : StreamsText.of(report));
    out().flush();
    return report.unreachable().isEmpty() ? 0 : ErrorKind.ABORTED.exitCode();
  }
}
