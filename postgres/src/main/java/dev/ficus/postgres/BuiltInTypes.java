package dev.ficus.postgres;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which of PostgreSQL's own base types are carried.
 *
 * <p>A stream brings the text that the type's output function writes, so the input function has to
 * restore the very bytes from it, in another database. The types below do, as the tests show for
 * each; every other one is refused, with the reason where it is known.
 */
final class BuiltInTypes {

  /** Where "char" began to write bytes above 127 as {@code \303}; before, its text was no text. */
  private static final int VERSION_WITH_ESCAPED_CHAR = 16;

  private static final Set<String> CARRIED =
      Set.of(
          "bit",
          "bool",
          "box",
          "bpchar",
          "bytea",
          "cid",
          "cidr",
          "circle",
          "date",
          "float4",
          "float8",
          "inet",
          "int2",
          "int4",
          "int8",
          "interval",
          "json",
          "jsonb",
          "jsonpath",
          "line",
          "lseg",
          "macaddr",
          "macaddr8",
          "money",
          "name",
          "numeric",
          "oid",
          "path",
          "pg_lsn",
          "pg_snapshot",
          "point",
          "polygon",
          "refcursor",
          "text",
          "tid",
          "time",
          "timestamp",
          "timestamptz",
          "timetz",
          "tsvector",
          "txid_snapshot",
          "uuid",
          "varbit",
          "varchar",
          "xid",
          "xid8",
          "xml");

  private static final String NOT_TAKEN_IN = "PostgreSQL does not take it in as text";

  private static final String NOT_TAKEN_BACK =
      "PostgreSQL does not take back the binary form of an empty one";

  private static final Map<String, String> REASONS =
      Map.of(
          "int2vector",
          NOT_TAKEN_BACK,
          "oidvector",
          NOT_TAKEN_BACK,
          "tsquery",
          "its text leaves out parentheses that its bytes keep: 'a & (b & c)' would come back as '(a & b) & c'",
          "aclitem",
          "it names roles, which another server need not have",
          "gtsvector",
          NOT_TAKEN_IN,
          "pg_node_tree",
          NOT_TAKEN_IN,
          "pg_ndistinct",
          NOT_TAKEN_IN,
          "pg_dependencies",
          NOT_TAKEN_IN,
          "pg_mcv_list",
          NOT_TAKEN_IN);

  /**
   * Types whose equality looks at the bytes, and whose text depends on no setting but the time zone
   * and bytea_output, which {@code ficus.capture} sets.
   */
  private static final Set<String> SAME_IF_EQUAL =
      Set.of(
          "bit",
          "bool",
          "bytea",
          "cidr",
          "date",
          "inet",
          "int2",
          "int4",
          "int8",
          "macaddr",
          "macaddr8",
          "name",
          "oid",
          "pg_lsn",
          "text",
          "time",
          "timestamp",
          "timestamptz",
          "uuid",
          "varbit",
          "varchar",
          "xid8");

  /** Types that are so only with a modifier: without, 1.0 equals 1.00, and 'a' equals 'a '. */
  private static final Set<String> SAME_IF_EQUAL_WITH_MODIFIER = Set.of("numeric", "bpchar");

  private BuiltInTypes() {}

  /** Why a type cannot be carried exactly; empty where it can. */
  static Optional<String> refusal(String name, int majorVersion) {
    if (name.equals("char")) {
      return majorVersion >= VERSION_WITH_ESCAPED_CHAR
          ? Optional.empty()
          : Optional.of(
              "before PostgreSQL "
                  + VERSION_WITH_ESCAPED_CHAR
                  + " the text of a byte above 127 is not valid text");
    }
    if (CARRIED.contains(name)) {
      return Optional.empty();
    }
    if (name.startsWith("reg")) {
      return Optional.of(
          "its text is the name of an object, whose OID is another one in another database");
    }
    return Optional.of(
        REASONS.getOrDefault(name, "nothing shows that its text restores its bytes"));
  }

  static boolean sameIfEqual(String name, int modifier) {
    return SAME_IF_EQUAL.contains(name)
        || (modifier >= 0 && SAME_IF_EQUAL_WITH_MODIFIER.contains(name));
  }
}
