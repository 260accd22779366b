package dev.ficus.control.cli;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.postgres.CopyLimits;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "throttle",
    description = {
      "Limits how fast a group's tables are copied; a running copy takes it within seconds.",
      "Options change the limits they name and leave the others; without options the limits are"
          + " shown."
    })
final class ThrottleCommand extends GroupCommand {

  /** A number and its unit, as in the manifest. */
  static final class Time implements ITypeConverter<Duration> {

    private static final Pattern TEXT = Pattern.compile("(\\d{1,9})(ms|s|m)");

    @Override
    public Duration convert(String value) {
      Matcher matcher = TEXT.matcher(value);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "'" + value + "' is not a duration: write a number and ms, s or m");
      }
      long number = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "ms" -> Duration.ofMillis(number);
        case "s" -> Duration.ofSeconds(number);
        default -> Duration.ofMinutes(number);
      };
    }
  }

  @Option(names = "--rows-per-second", paramLabel = "N", description = "At most N rows a second.")
  private @Nullable Long rowsPerSecond;

  @Option(
      names = "--bytes-per-second",
      paramLabel = "N",
      description = "At most N bytes a second on the wire.")
  private @Nullable Long bytesPerSecond;

  @Option(
      names = "--max-standby-lag",
      paramLabel = "TIME",
      converter = Time.class,
      description = "Pause while a standby of the source trails by more than TIME, such as 5s.")
  private @Nullable Duration maxStandbyLag;

  @Option(
      names = "--max-active-sessions",
      paramLabel = "N",
      description = "Pause while more than N sessions of the source run a statement.")
  private @Nullable Integer maxActiveSessions;

  @Option(names = "--off", description = "Lift all limits first.")
  private boolean off;

  @Override
  public Integer call() {
    CopyLimits limits =
        control(
            control -> {
              CopyLimits there = control.copyLimits(group());
              CopyLimits base = off ? CopyLimits.NONE : there;
              CopyLimits wanted = changed(base);
              if (!wanted.equals(there)) {
                control.limitCopy(group(), wanted);
              }
              return wanted;
            });
    out().println(json() ? Json.of(group(), limits) : CopyText.of(group(), limits));
    out().flush();
    return 0;
  }

  private CopyLimits changed(CopyLimits base) {
    try {
      return new CopyLimits(
          Optional.ofNullable(rowsPerSecond).or(base::rowsPerSecond),
          Optional.ofNullable(bytesPerSecond).or(base::bytesPerSecond),
          Optional.ofNullable(maxStandbyLag).or(base::maxStandbyLag),
          Optional.ofNullable(maxActiveSessions).or(base::maxActiveSessions));
    } catch (IllegalArgumentException e) {
      throw new FicusException(
          ErrorKind.USAGE, "a limit is too small: " + e.getMessage(), "give 1 or more", e);
    }
  }
}
