package dev.ficus.control.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/** The {@code ficus} command. */
@Command(
    name = "ficus",
    description = "Moves tables out of one shared PostgreSQL database into service databases.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    subcommands = {
      DoctorCommand.class,
      StatusCommand.class,
      StreamsCommand.class,
      PlanCommand.class,
      AdvanceCommand.class,
      RollbackCommand.class,
      ReadsCommand.class,
      KillSwitchCommand.class,
      ReconcileCommand.class,
      DropCommand.class,
      JournalCommand.class,
      RelayCommand.class,
      ThrottleCommand.class,
      RecopyCommand.class,
      DdlCommand.class,
      RetryCommand.class,
      HelpCommand.class
    },
    footer = {
      "",
      "Exit codes: 0 done, 2 a gate refused, 3 aborted and nothing changed, 4 needs a person,"
          + " 64 usage.",
      "In a clone, ./ficus demo migrates the sample store, and ./ficus benchmark NAME measures."
    })
public final class FicusCli {

  private static final String LOGBACK = "logback.configurationFile";
  private static final String LOG_AS_TEXT = "dev/ficus/control/cli/logback.xml";

  private FicusCli() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs the command and returns its exit code. */
  public static int run(String... arguments) {
    if (System.getProperty(LOGBACK) == null) {
      // Before the first class that logs is loaded.
      System.setProperty(LOGBACK, LOG_AS_TEXT);
    }
    return commandLine().execute(arguments);
  }

  /** Lets the log be JSON, unless the operator configured logging; before the first class logs. */
  static void logAsJson() {
    if (LOG_AS_TEXT.equals(System.getProperty(LOGBACK))) {
      System.setProperty(LOGBACK, "dev/ficus/control/cli/logback-json.xml");
    }
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new FicusCli());
    line.setUsageHelpAutoWidth(true);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExitCodeExceptionMapper(Failures::exitCode);
    line.setExecutionExceptionHandler(Failures::report);
    line.setParameterExceptionHandler(Failures::usage);
    return line;
  }
}
