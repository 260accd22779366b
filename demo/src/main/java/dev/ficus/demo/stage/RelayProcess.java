package dev.ficus.demo.stage;

import dev.ficus.control.cli.FicusCli;
import dev.ficus.demo.web.ParentWatch;

/** {@code ficus relay}, in a process that ends with the demo. */
public final class RelayProcess {

  private RelayProcess() {}

  /**
   * Runs until the parent process is gone.
   *
   * @param arguments the options of {@code ficus relay}
   */
  public static void main(String[] arguments) {
    ParentWatch.start();
    String[] command = new String[arguments.length + 1];
    command[0] = "relay";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    FicusCli.main(command);
  }
}
