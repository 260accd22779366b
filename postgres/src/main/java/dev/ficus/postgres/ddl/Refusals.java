package dev.ficus.postgres.ddl;

import dev.ficus.core.ErrorKind;
import dev.ficus.postgres.PostgresException;
import java.util.LinkedHashSet;
import java.util.Set;

/** Gathers everything that cannot be carried, so that one run names all of it (rule R7). */
final class Refusals {

  private final Set<String> lines = new LinkedHashSet<>();

  void add(String what, String advice) {
    lines.add("  - " + what + ": " + advice);
  }

  void throwIfAny(String doing) {
    if (!lines.isEmpty()) {
      throw PostgresException.state(
          ErrorKind.NEEDS_PERSON,
          doing + " is refused, since this cannot be carried exactly:\n" + String.join("\n", lines),
          "change what is named above, or take the table out of the manifest, then try again");
    }
  }
}
