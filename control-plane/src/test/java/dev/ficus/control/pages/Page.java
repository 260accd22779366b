package dev.ficus.control.pages;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A Markdown page as plain lines and fenced blocks.
 *
 * @param file the page
 * @param parts its lines and blocks in order
 */
record Page(Path file, List<Part> parts) {

  sealed interface Part {}

  /** A line outside of blocks. */
  record Line(String text) implements Part {}

  /**
   * A fenced block.
   *
   * @param kind the first word behind the fence, such as {@code console}
   * @param argument the rest, such as the name of a file or database
   * @param lines what is inside
   */
  record Block(String kind, String argument, List<String> lines) implements Part {}

  /** One command of a console block and the output that the page shows below it. */
  record Command(String line, List<String> output) {}

  static Page read(Path file) {
    List<Part> parts = new ArrayList<>();
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (!line.startsWith("```")) {
        parts.add(new Line(line));
        continue;
      }
      String[] words = line.substring(3).split(" ", 2);
      List<String> inside = new ArrayList<>();
      for (i++; !lines.get(i).equals("```"); i++) {
        inside.add(lines.get(i));
      }
      parts.add(new Block(words[0], words.length > 1 ? words[1] : "", inside));
    }
    return new Page(file, parts);
  }

  static List<Command> commands(Block console) {
    List<Command> commands = new ArrayList<>();
    for (String line : console.lines()) {
      if (line.startsWith("$ ")) {
        commands.add(new Command(line.substring(2), new ArrayList<>()));
      } else if (commands.isEmpty()) {
        throw new IllegalStateException(
            "a console block begins with a command, \"$ …\", not with: " + line);
      } else {
        commands.get(commands.size() - 1).output().add(line);
      }
    }
    return commands;
  }

  /** Writes the page back. */
  void write() {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      if (part instanceof Line line) {
        text.append(line.text()).append('\n');
      } else if (part instanceof Block block) {
        text.append("```")
            .append(block.kind())
            .append(block.argument().isEmpty() ? "" : " " + block.argument())
            .append('\n');
        block.lines().forEach(inside -> text.append(inside).append('\n'));
        text.append("```\n");
      }
    }
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
