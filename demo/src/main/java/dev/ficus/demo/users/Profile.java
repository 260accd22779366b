package dev.ficus.demo.users;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import org.jspecify.annotations.Nullable;

/** A row of {@code profiles}. */
@Entity
@Table(name = "profiles")
class Profile {

  @Id
  @Column(name = "user_id")
  private long userId;

  private @Nullable String bio;

  /** For JPA. */
  protected Profile() {}

  Profile(long userId, String bio) {
    this.userId = userId;
    this.bio = bio;
  }

  @Nullable String bio() {
    return bio;
  }
}
