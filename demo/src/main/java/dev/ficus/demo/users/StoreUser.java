package dev.ficus.demo.users;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import org.jspecify.annotations.Nullable;

/** A row of {@code users}. */
@Entity
@Table(name = "users")
class StoreUser {

  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  private @Nullable Long id;

  @Column(nullable = false, updatable = false)
  private String email = "";

  @Column(nullable = false)
  private String name = "";

  /** For JPA. */
  protected StoreUser() {}

  StoreUser(String email, String name) {
    this.email = email;
    this.name = name;
  }

  void rename(String newName) {
    name = newName;
  }

  long id() {
    if (id == null) {
      throw new IllegalStateException("the user is not persisted yet");
    }
    return id;
  }

  String email() {
    return email;
  }

  String name() {
    return name;
  }
}
