package dev.ficus.control.cli;

import dev.ficus.control.ControlPlane;
import dev.ficus.control.Outcome;
import dev.ficus.control.manifest.ManifestReader;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.manifest.Manifest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands that talk to the control plane have in common. */
abstract class ControlCommand implements Callable<Integer> {

  @Option(
      names = "--manifest",
      paramLabel = "FILE",
      defaultValue = "ficus.yaml",
      description = "The manifest; default: ${DEFAULT-VALUE}.")
  private Path manifest = Path.of("ficus.yaml");

  @Option(names = "--json", description = "Print JSON instead of text.")
  private boolean json;

  @Option(
      names = "--actor",
      paramLabel = "NAME",
      defaultValue = "${sys:user.name}",
      description = "Who gives the command, for the journal; default: ${DEFAULT-VALUE}.")
  private String actor = "unknown";

  @Option(names = "--debug", description = "Print stack traces of errors.")
  // Declared here, read where errors are reported.
  @SuppressWarnings("unused")
  private boolean debug;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  // picocli itself acts on it.
  @SuppressWarnings("unused")
  private boolean help;

  private static final Duration SHOWN_AFTER = Duration.ofSeconds(10);
  private static final Duration SHOWN_EVERY = Duration.ofMinutes(1);

  @Spec private CommandSpec spec = CommandSpec.create();

  final Manifest manifest() {
    return ManifestReader.read(manifest);
  }

  final String actor() {
    return actor;
  }

  final boolean json() {
    return json;
  }

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Looks at something on the control plane, which changes and creates nothing. */
  final <T> T look(Function<ControlPlane, T> command) {
    try (ControlPlane control = ControlPlane.look(manifest())) {
      return command.apply(control);
    }
  }

  /** Runs something on the control plane, showing its steps on the error stream. */
  final <T> T control(Function<ControlPlane, T> command) {
    if (json) {
      try (ControlPlane control = ControlPlane.open(manifest(), actor, progress -> {})) {
        return command.apply(control);
      }
    }
    AtomicReference<ControlPlane> opened = new AtomicReference<>();
    try (RunningSteps steps =
            new RunningSteps(
                spec.commandLine().getErr(),
                CommandLine.Help.Ansi.AUTO.enabled(),
                SHOWN_AFTER,
                SHOWN_EVERY,
                group ->
                    Optional.ofNullable(opened.get())
                        .map(control -> CopyText.ofAll(control.copying(group)))
                        .orElse(""));
        ControlPlane control = ControlPlane.open(manifest(), actor, steps)) {
      opened.set(control);
      return command.apply(control);
    }
  }

  final int print(Outcome outcome) {
    out().println(json ? Json.of(outcome) : Text.of(outcome));
    out().flush();
    return 0;
  }

  /** The same name, if the manifest has it. */
  static GroupName known(GroupName name, Manifest manifest) {
    if (manifest.group(name).isEmpty()) {
      throw new FicusException(
          ErrorKind.USAGE,
          "there is no group " + name + " in " + manifest.file(),
          "name one of " + manifest.groups().stream().map(group -> group.name().value()).toList());
    }
    return name;
  }

  static GroupName group(String name) {
    try {
      return new GroupName(name);
    } catch (IllegalArgumentException e) {
      throw new FicusException(
          ErrorKind.USAGE, String.valueOf(e.getMessage()), "give a group of the manifest", e);
    }
  }
}
