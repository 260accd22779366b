package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Evidence;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.postgres.ddl.Archive;
import dev.ficus.postgres.ddl.ForeignKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** An archive of the tables has been written, and reads back whole. */
public final class Archived implements Gate {

  private static final String WRITTEN = "archive-written";
  private static final DateTimeFormatter MOMENT =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  @Override
  public String name() {
    return "archive";
  }

  @Override
  public boolean mayBeOverridden() {
    return false;
  }

  /** Where the archive of a sealed group goes: each sealing has its own. */
  public static Path folder(Work work) {
    return work.manifest()
        .archive()
        .resolve(work.name() + "-" + MOMENT.format(work.row().phaseSince()));
  }

  /** Writes the archive of a sealed group, unless this was done for this sealing already. */
  public static void write(Work work) {
    Path folder = folder(work);
    Optional<Evidence> before = work.store().evidence().newest(work.row(), WRITTEN);
    if (before.filter(it -> it.detail().equals(folder.toString())).isPresent()) {
      return;
    }
    try {
      Files.createDirectories(work.manifest().archive());
    } catch (IOException e) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "creating the archive folder " + work.manifest().archive() + " failed: " + e,
          "make its parent writable, or name another one under archive in the manifest",
          e);
    }
    // There already if a process died between writing it and noting so.
    List<Archive.Entry> entries =
        Files.exists(folder)
            ? Archive.verify(folder)
            : Archive.write(work.shared(), work.tables(), folder, released(work));
    work.store()
        .evidence()
        .store(
            work.name(),
            WRITTEN,
            work.row().epoch(),
            entries.stream().mapToLong(Archive.Entry::rows).sum(),
            folder.toString());
  }

  private static List<ForeignKey> released(Work work) {
    return work.store().releasedKeys().released().stream()
        .filter(
            key ->
                work.tables().contains(key.referencing())
                    || work.tables().contains(key.referenced()))
        .map(
            key ->
                new ForeignKey(
                    key.name(),
                    key.referencing(),
                    key.referenced(),
                    work.tables().contains(key.referencing()),
                    key.definition(),
                    key.partitioned()))
        .toList();
  }

  @Override
  public void measure(Work work) {
    Optional<Evidence> written = work.store().evidence().newest(work.row(), WRITTEN);
    if (written.isEmpty()) {
      return;
    }
    long whole = 1;
    String detail = written.get().measured() + " rows in " + written.get().detail();
    try {
      Archive.verify(Path.of(written.get().detail()));
    } catch (FicusException e) {
      // The evidence carries the reason to the operator, who is refused by it.
      whole = 0;
      detail = e.what().replaceAll("\\s+", " ");
    }
    work.store().evidence().store(work.name(), name(), work.row().epoch(), whole, detail);
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "written and whole",
            evidence -> evidence.measured() == 1,
            Evidence::detail,
            "roll back to SEALED and retire anew, which writes a new archive")
        .of(work, this);
  }
}
