package dev.ficus.relay;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The class path of this process as class data sharing wants it, and the archive of the classes
 * that a process has loaded, from which later ones start in two thirds of the time.
 *
 * <p>Removed with this process.
 */
final class ClassData {

  private static @Nullable ClassData ofThisProcess;

  private final String classPath;
  private final Path archive;

  private ClassData(String classPath, Path archive) {
    this.classPath = classPath;
    this.archive = archive;
  }

  static synchronized ClassData ofThisProcess() throws IOException {
    if (ofThisProcess == null) {
      ofThisProcess = create();
    }
    return ofThisProcess;
  }

  /** Makes jars of the class path's folders: the JVM shares the classes of jars alone. */
  private static ClassData create() throws IOException {
    Path folder = Files.createTempDirectory("ficus-class-data");
    folder.toFile().deleteOnExit();
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry);
      if (Files.isDirectory(path)) {
        Path jar = removedAtExit(folder.resolve(entries.size() + ".jar"));
        pack(path, jar);
        entries.add(jar.toString());
      } else {
        entries.add(entry);
      }
    }
    return new ClassData(
        String.join(File.pathSeparator, entries), removedAtExit(folder.resolve("classes.jsa")));
  }

  String classPath() {
    return classPath;
  }

  boolean isRecorded() {
    return Files.exists(archive);
  }

  /** Options of a process that writes the archive when it ends by itself or by SIGTERM. */
  List<String> recordAtExit() {
    return List.of("-XX:ArchiveClassesAtExit=" + archive);
  }

  /** Options of a process that starts from the archive, where there is one. */
  List<String> share() {
    return isRecorded() ? List.of("-XX:SharedArchiveFile=" + archive) : List.of();
  }

  private static Path removedAtExit(Path file) {
    file.toFile().deleteOnExit();
    return file;
  }

  private static void pack(Path folder, Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out);
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        entries.putNextEntry(
            new JarEntry(folder.relativize(file).toString().replace(File.separatorChar, '/')));
        Files.copy(file, entries);
      }
    }
  }
}
