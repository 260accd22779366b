package dev.ficus.core.manifest;

/**
 * How to reach one database.
 *
 * @param url a JDBC URL, {@code jdbc:postgresql://host:port/database}
 * @param user the role
 * @param password its password, possibly empty
 */
public record DatabaseAddress(String url, String user, Secret password) {

  public DatabaseAddress {
    if (!url.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException(
          "not a PostgreSQL JDBC URL (jdbc:postgresql://host:port/database): " + withoutQuery(url));
    }
  }

  /** The URL without its query part, which may hold credentials. */
  @Override
  public String toString() {
    return withoutQuery(url);
  }

  private static String withoutQuery(String url) {
    int query = url.indexOf('?');
    return query < 0 ? url : url.substring(0, query);
  }
}
