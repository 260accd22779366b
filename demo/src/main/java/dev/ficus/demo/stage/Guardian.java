package dev.ficus.demo.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * Stops the servers if this process dies without having done so, even by SIGKILL.
 *
 * <p>A shell waits on a pipe from this process. When the pipe ends, it stops every postmaster whose
 * pid file is still in the data folder. After an orderly end there is none. It looks again for
 * about ten seconds: a postmaster that was just being started writes its file later.
 */
final class Guardian {

  private static final String SCRIPT =
      """
      trap '' INT TERM HUP
      cat > /dev/null
      look=0
      while [ "$look" -lt 20 ] && [ -d "$1" ]; do
        for file in "$1"/*/postmaster.pid; do
          if [ -s "$file" ]; then kill -QUIT "$(head -n 1 "$file")"; fi
        done
        look=$((look + 1))
        sleep 0.5
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
