package dev.ficus.demo.script;

import dev.ficus.core.manifest.DatabaseAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;

/**
 * What order-service's team adds to the migrations that Ficus generated: the listing, on top of the
 * reference copies. From its provisioning on, the team owns the folder.
 *
 * @param orders the order database
 * @param migrations order-service's folder of migrations
 */
record ListingView(DatabaseAddress orders, Path migrations) {

  private static final String SQL =
      """
      -- Products and users are reference copies here, kept fresh by Ficus.
      create view product_listing as
      select p.id as product_id, p.name as product, p.seller_id, u.name as seller,
          (select count(distinct i.order_id) from order_items i where i.product_id = p.id) as orders
      from products p
      join users u on u.id = p.seller_id;
      """;

  void add() {
    try (Stream<Path> files = Files.list(migrations)) {
      long version =
          files.filter(file -> file.getFileName().toString().startsWith("V")).count() + 1;
      Files.writeString(migrations.resolve("V" + version + "__product_listing.sql"), SQL);
    } catch (IOException e) {
      throw new UncheckedIOException("adding a migration to " + migrations + " failed", e);
    }
    Flyway.configure()
        .dataSource(orders.url(), orders.user(), orders.password().reveal())
        .locations("filesystem:" + migrations)
        .placeholderReplacement(false)
        .load()
        .migrate();
  }
}
