package dev.ficus.demo.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * Stops the servers if this process dies without having done so, even by SIGKILL.
 *
 * <p>A shell waits on a pipe from this process. When the pipe ends, it stops every postmaster whose
 * pid file is still in the data folder. After an orderly end there is none.
 */
final class Guardian {

  private static final String SCRIPT =
      """
      trap '' INT TERM HUP
      cat > /dev/null
      for file in "$1"/*/postmaster.pid; do
        if [ -f "$file" ]; then kill -QUIT "$(head -n 1 "$file")"; fi
      done
      """;

  private Guardian() {}

  /**
   * Starts the shell.
   *
   * @param data the folder that holds one data folder for each server
   */
  static void start(Path data) {
    try {
      Process unused =
          new ProcessBuilder("sh", "-c", SCRIPT, "ficus-demo-guardian", data.toString())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException("starting the guardian of the servers failed", e);
    }
  }
}
