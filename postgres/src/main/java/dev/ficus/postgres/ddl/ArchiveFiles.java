package dev.ficus.postgres.ddl;

import dev.ficus.core.ErrorKind;
import dev.ficus.postgres.PostgresException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** The files of an archive: written once, summed by reading them back, and made durable. */
final class ArchiveFiles {

  private static final String SUMS = "SHA256SUMS";

  private final Path folder;

  ArchiveFiles(Path folder) {
    this.folder = folder;
  }

  OutputStream create(String name) throws IOException {
    return new BufferedOutputStream(
        Files.newOutputStream(folder.resolve(name), StandardOpenOption.CREATE_NEW), 1 << 16);
  }

  void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text, StandardOpenOption.CREATE_NEW);
  }

  /** Writes the sums of all files, read back from the disk rather than taken while writing. */
  void sums() throws IOException {
    StringBuilder text = new StringBuilder();
    actual().forEach((name, sum) -> text.append(sum).append("  ").append(name).append('\n'));
    write(SUMS, text.toString());
    for (Path file : files()) {
      sync(file);
    }
  }

  /** Gives a complete folder its name; before that nobody can take it for an archive. */
  static void publish(Path partial, Path target) throws IOException {
    sync(partial);
    Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    Path parent = target.getParent();
    if (parent != null) {
      sync(parent);
    }
  }

  /** Removes what a failed attempt left; a failure to do so is added to the error. */
  static void discard(Path partial, Exception error) {
    try (Stream<Path> files = Files.list(partial)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(partial);
    } catch (IOException e) {
      error.addSuppressed(e);
    }
  }

  void verifySums() throws IOException {
    Map<String, String> expected = new TreeMap<>();
    for (String line : Files.readAllLines(folder.resolve(SUMS))) {
      String[] parts = line.split("  ", 2);
      if (parts.length != 2) {
        throw new IOException("a line of " + SUMS + " is not \"sum  name\"");
      }
      expected.put(parts[1], parts[0]);
    }
    Map<String, String> actual = actual();
    if (!expected.equals(actual)) {
      List<String> wrong =
          Stream.concat(expected.keySet().stream(), actual.keySet().stream())
              .distinct()
              .filter(name -> !String.valueOf(expected.get(name)).equals(actual.get(name)))
              .sorted()
              .toList();
      throw PostgresException.state(
          ErrorKind.NEEDS_PERSON,
          "archive " + folder + " is not what was written: missing, added or altered " + wrong,
          "do not drop anything; write the archive again");
    }
  }

  private Map<String, String> actual() throws IOException {
    Map<String, String> sums = new TreeMap<>();
    for (Path file : files()) {
      String name = String.valueOf(file.getFileName());
      if (!name.equals(SUMS)) {
        sums.put(name, sum(file));
      }
    }
    return sums;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static String sum(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** The lines of a packed file: COPY text escapes line ends, so each row is one line. */
  static long lines(Path file) throws IOException {
    long lines = 0;
    byte[] buffer = new byte[1 << 16];
    try (InputStream in =
        new GZIPInputStream(new BufferedInputStream(Files.newInputStream(file)), 1 << 16)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        for (int i = 0; i < read; i++) {
          if (buffer[i] == '\n') {
            lines++;
          }
        }
      }
    }
    return lines;
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  static PostgresException failure(String doing, IOException e) {
    boolean missing = e instanceof NoSuchFileException || e instanceof FileNotFoundException;
    return PostgresException.state(
        missing ? ErrorKind.NEEDS_PERSON : ErrorKind.ABORTED,
        doing + " failed: " + e,
        "check the folder, its space and its rights, then try again; nothing was dropped",
        e);
  }
}
