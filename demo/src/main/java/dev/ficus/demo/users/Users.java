package dev.ficus.demo.users;

import dev.ficus.demo.web.Refusal;
import dev.ficus.spring.FicusRead;
import dev.ficus.spring.FicusWrite;
import jakarta.persistence.EntityManager;
import java.util.Optional;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Users and their profiles. */
@Service
public class Users {

  private final EntityManager entities;

  Users(EntityManager entities) {
    this.entities = entities;
  }

  @Transactional
  @FicusWrite("users")
  UserView create(String email, String name, String bio) {
    StoreUser user = new StoreUser(email, name);
    entities.persist(user);
    entities.persist(new Profile(user.id(), bio));
    return new UserView(user.id(), email, name, bio);
  }

  @Transactional
  @FicusWrite("users")
  UserView rename(long id, String name) {
    StoreUser user = entities.find(StoreUser.class, id);
    if (user == null) {
      throw Refusal.notFound("user " + id);
    }
    user.rename(name);
    return view(user);
  }

  @Transactional(readOnly = true)
  @FicusRead("users")
  Optional<UserView> find(long id) {
    return Optional.ofNullable(entities.find(StoreUser.class, id)).map(this::view);
  }

  private UserView view(StoreUser user) {
    Profile profile = entities.find(Profile.class, user.id());
    return new UserView(
        user.id(), user.email(), user.name(), profile == null ? null : profile.bio());
  }
}
