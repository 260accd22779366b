package dev.ficus.demo.inventory;

import dev.ficus.demo.web.ApiErrors;
import dev.ficus.demo.web.ParentWatch;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Import;

/** inventory-service. */
@SpringBootApplication(
    excludeName = "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration")
@Import(ApiErrors.class)
public class InventoryApplication {

  /**
   * Runs until the parent process is gone.
   *
   * @param arguments Spring Boot properties as options
   */
  public static void main(String[] arguments) {
    ParentWatch.start();
    SpringApplication.run(InventoryApplication.class, arguments);
  }
}
