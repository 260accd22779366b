package dev.ficus.control.cli;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import java.io.PrintWriter;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns errors into exit codes and into text a person can act on; stack traces need --debug. */
final class Failures {

  private Failures() {}

  static int exitCode(Throwable error) {
    return error instanceof FicusException ficus
        ? ficus.kind().exitCode()
        : ErrorKind.NEEDS_PERSON.exitCode();
  }

  static int report(Exception error, CommandLine line, ParseResult parsed) {
    boolean debug = parsed.expandedArgs().contains("--debug");
    boolean json = parsed.expandedArgs().contains("--json");
    PrintWriter err = line.getErr();
    if (json) {
      line.getOut().println(Json.error(error, exitCode(error)));
    } else if (error instanceof FicusException) {
      err.println("ficus: " + error.getMessage());
      for (Throwable also : error.getSuppressed()) {
        err.println("  besides: " + also.getMessage());
      }
    } else {
      err.println("ficus: an unexpected error: " + error);
      err.println("  next: run the command again with --debug and report what it prints");
    }
    if (debug) {
      error.printStackTrace(err);
    }
    err.flush();
    line.getOut().flush();
    return exitCode(error);
  }

  static int usage(ParameterException error, String[] arguments) {
    CommandLine line = error.getCommandLine();
    if (Arrays.asList(arguments).contains("--json")) {
      FicusException usage =
          new FicusException(
              ErrorKind.USAGE,
              String.valueOf(error.getMessage()),
              line.getCommandSpec().qualifiedName() + " --help",
              error);
      line.getOut().println(Json.error(usage, exitCode(usage)));
      line.getOut().flush();
      return exitCode(usage);
    }
    PrintWriter err = line.getErr();
    err.println("ficus: " + error.getMessage());
    if (!CommandLine.UnmatchedArgumentException.printSuggestions(error, err)) {
      err.println("  next: " + line.getCommandSpec().qualifiedName() + " --help");
    }
    err.flush();
    return ErrorKind.USAGE.exitCode();
  }
}
