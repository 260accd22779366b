package dev.ficus.demo.traffic;

import java.util.List;

/**
 * How much is seeded; the seed's arithmetic follows from the number of users.
 *
 * @param users seeded users, at least 100
 */
public record StoreSize(int users) {

  /** Products of which there are two pieces: orders for them are soon refused. */
  static final List<Long> SCARCE = List.of(41L, 42L);

  public StoreSize {
    if (users < 100) {
      throw new IllegalArgumentException("the store needs at least 100 users: " + users);
    }
  }

  /** The store with about that many rows in all tables together. */
  public static StoreSize ofRows(int rows) {
    return new StoreSize(Math.max(100, rows / 11));
  }

  /** How many products are seeded. */
  public int products() {
    return Math.max(users * 3 / 5, 100);
  }

  /** How many users sell; they are the first ones. */
  public int sellers() {
    return users / 10;
  }

  /** The seller of a seeded product. */
  public long seller(long product) {
    return 1 + product * 7 % sellers();
  }

  /** The email of a seeded user. */
  public String email(long user) {
    return "user" + user + "@ficus.example";
  }
}
