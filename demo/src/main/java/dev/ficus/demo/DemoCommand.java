package dev.ficus.demo;

import dev.ficus.core.ErrorKind;
import dev.ficus.demo.show.Display;
import dev.ficus.demo.show.Result;
import dev.ficus.demo.show.ResultFile;
import dev.ficus.demo.stage.Runs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ficus demo}: migrates a live sample store and proves that nothing was lost. */
@Command(
    name = "ficus demo",
    mixinStandardHelpOptions = true,
    description = {
      "Migrates a live sample store from one shared database to three service databases.",
      "Starts four PostgreSQL servers, three services and their customers, takes every table through"
          + " every phase while the customers go on, and compares the end with their own record.",
      "Its data and logs are in .ficus/demo of the folder that it is called from; the data are"
          + " removed at the end."
    },
    footer = {
      "Exit code: 0 if everything held, 1 if anything did not or the fault of --break was found,",
      "5 if the customers' record did not find that fault, 64 for wrong options."
    })
public final class DemoCommand implements Callable<Integer> {

  /** What a shell reports for Ctrl-C. */
  private static final int INTERRUPTED = 130;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DemoOptions options = new DemoOptions();

  /**
   * Runs the demo and ends the process with its exit code.
   *
   * @param arguments the options
   */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    CommandLine command =
        new CommandLine(new DemoCommand())
            .setParameterExceptionHandler(
                (wrong, args) -> {
                  wrong.getCommandLine().getErr().println(wrong.getMessage());
                  wrong.getCommandLine().usage(wrong.getCommandLine().getErr());
                  return ErrorKind.USAGE.exitCode();
                });
    command.setExecutionExceptionHandler(
        (failure, line, parsed) -> {
          LoggerFactory.getLogger(DemoCommand.class).error("the demo failed", failure);
          if (isShuttingDown()) {
            // What fails now fails because everything is being ended, as the display has said.
            return INTERRUPTED;
          }
          line.getErr().println("ficus demo: " + failure.getMessage());
          line.getErr().println("  its logs are in " + System.getProperty("ficus.demo.log"));
          return Result.DID_NOT_HOLD;
        });
    return command;
  }

  /** A JVM that shuts down takes no more hooks. */
  private static boolean isShuttingDown() {
    Thread hook = new Thread(() -> {});
    try {
      Runtime.getRuntime().addShutdownHook(hook);
      Runtime.getRuntime().removeShutdownHook(hook);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  @Override
  public Integer call() throws IOException {
    options.requireBounds(spec.commandLine());
    requireWritable();
    Path folder = Runs.begin(Path.of(".ficus", "demo").toAbsolutePath());
    // Before the first logger is made: the terminal belongs to the display.
    System.setProperty("logback.configurationFile", "demo-logback.xml");
    System.setProperty("ficus.demo.log", folder.resolve("demo.log").toString());
    return new DemoRun(options, folder, Display.ofTerminal()).run();
  }

  /** Minutes later the result would be lost. */
  private void requireWritable() {
    options.json.ifPresent(
        file ->
            ResultFile.obstacle(file)
                .ifPresent(
                    why -> {
                      throw new ParameterException(
                          spec.commandLine(), "--json " + file + " cannot be written: " + why);
                    }));
  }
}
