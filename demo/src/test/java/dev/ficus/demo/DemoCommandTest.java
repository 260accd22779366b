package dev.ficus.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What is refused before anything is started. */
class DemoCommandTest {

  private static final int USAGE = 64;

  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine command = DemoCommand.commandLine();
    command.setErr(new PrintWriter(err));
    return command.execute(arguments);
  }

  @Test
  void shouldRefuseAJsonFileWhoseFolderIsNotThere(@TempDir Path folder) {
    assertThat(run("--json", folder.resolve("absent/result.json").toString())).isEqualTo(USAGE);
    assertThat(err.toString()).contains("--json").contains("absent");
  }

  @Test
  void shouldRefuseAJsonFileThatIsAFolder(@TempDir Path folder) {
    assertThat(run("--json", folder.toString())).isEqualTo(USAGE);
    assertThat(err.toString()).contains("is a folder");
  }

  @Test
  void shouldLeaveAnEarlierResultAloneWhileItChecksTheFile(@TempDir Path folder)
      throws IOException {
    Path file = Files.writeString(folder.resolve("result.json"), "earlier");

    // The check passes, and the next option is refused.
    assertThat(run("--json", file.toString(), "--rate", "0")).isEqualTo(USAGE);

    assertThat(file).hasContent("earlier");
    assertThat(folder).isDirectoryContaining(file::equals);
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "--rate, 0, 5",
    "--rate, -1, 5",
    "--rate, 4, 5",
    "--rate, 2001, 2000",
    "--minutes, -5, 0.1",
    "--minutes, NaN, 0.1",
    "--minutes, 601, 600",
    "--rows, 10, 2000",
    "--dwell, -1, 0",
  })
  void shouldNameOptionValueAndBoundWhenOneIsOutOfBounds(
      String option, String value, String bound) {
    assertThat(run(option, value)).isEqualTo(USAGE);
    assertThat(err.toString()).contains(option).contains(value).contains(bound);
  }
}
