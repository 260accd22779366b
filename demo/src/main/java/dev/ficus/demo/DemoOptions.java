package dev.ficus.demo;

import dev.ficus.demo.script.Break;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** What may be asked of a run. */
final class DemoOptions {

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "40",
      description = "requests a second, 5 to 2000 (default: ${DEFAULT-VALUE})")
  int rate = 40;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description =
          "stretch the migration to about that long, at most 600 (default: as short as it can be)")
  Optional<Double> minutes = Optional.empty();

  @Option(names = "--json", paramLabel = "FILE", description = "write the result as JSON")
  Optional<Path> json = Optional.empty();

  @Option(
      names = "--keep",
      description = "leave everything running at the end, to look around, until Enter or Ctrl-C")
  boolean keep;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "decides what the customers do (default: ${DEFAULT-VALUE})")
  long seed = 1;

  @Option(
      names = "--break",
      paramLabel = "FAULT",
      converter = BreakConverter.class,
      description =
          "inject a fault, which the final check must find: lose-update, drop-change, double-apply"
              + " or skip-fence")
  Optional<Break> fault = Optional.empty();

  @Option(
      names = "--rows",
      paramLabel = "N",
      hidden = true,
      defaultValue = "240000",
      description = "about how many rows to seed")
  int rows = 240_000;

  @Option(
      names = "--dwell",
      paramLabel = "SECONDS",
      hidden = true,
      defaultValue = "3",
      description = "how long the customers are left alone between steps")
  double dwell = 3;

  /** Refuses what could not end well, before anything is started. */
  void requireBounds(CommandLine command) {
    // Below, the gates that wait for samples would wait for minutes.
    require(command, "--rate", rate, 5, 2000);
    minutes.ifPresent(value -> require(command, "--minutes", value, 0.1, 600));
    require(command, "--rows", rows, 2_000, 50_000_000);
    require(command, "--dwell", dwell, 0, 600);
  }

  private static void require(
      CommandLine command, String option, double value, double least, double most) {
    // Written so that NaN, too, is refused.
    if (!(value >= least && value <= most)) {
      throw new ParameterException(
          command,
          option
              + " is "
              + number(value)
              + " and must be from "
              + number(least)
              + " to "
              + number(most));
    }
  }

  private static String number(double value) {
    return value == Math.rint(value) && !Double.isInfinite(value)
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  /** Reads a fault's name. */
  static final class BreakConverter implements ITypeConverter<Break> {
    @Override
    public Break convert(String value) {
      return Arrays.stream(Break.values())
          .filter(fault -> fault.toString().equals(value))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "'" + value + "' is none of " + Arrays.toString(Break.values())));
    }
  }
}
