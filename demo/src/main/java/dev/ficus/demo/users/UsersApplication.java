package dev.ficus.demo.users;

import dev.ficus.demo.web.ApiErrors;
import dev.ficus.demo.web.ParentWatch;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Import;

/** user-service. */
@SpringBootApplication
@Import(ApiErrors.class)
public class UsersApplication {

  /**
   * Runs until the parent process is gone.
   *
   * @param arguments Spring Boot properties as options
   */
  public static void main(String[] arguments) {
    ParentWatch.start();
    SpringApplication.run(UsersApplication.class, arguments);
  }
}
