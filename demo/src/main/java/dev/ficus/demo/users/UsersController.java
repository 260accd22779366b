package dev.ficus.demo.users;

import dev.ficus.demo.web.Refusal;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** user-service's HTTP API. */
@RestController
class UsersController {

  private final Users users;

  UsersController(Users users) {
    this.users = users;
  }

  /**
   * The body of a request to create a user.
   *
   * @param email unique
   * @param name the name
   * @param bio the profile's text
   */
  record NewUser(String email, String name, String bio) {}

  /**
   * The body of a request to rename a user.
   *
   * @param name the new name
   */
  record NewName(String name) {}

  @PostMapping("/users")
  @ResponseStatus(HttpStatus.CREATED)
  UserView create(@RequestBody NewUser user) {
    return users.create(user.email(), user.name(), user.bio());
  }

  @PutMapping("/users/{id}/name")
  UserView rename(@PathVariable long id, @RequestBody NewName name) {
    return users.rename(id, name.name());
  }

  @GetMapping("/users/{id}")
  UserView find(@PathVariable long id) {
    return users.find(id).orElseThrow(() -> Refusal.notFound("user " + id));
  }
}
