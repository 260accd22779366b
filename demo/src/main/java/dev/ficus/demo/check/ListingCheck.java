package dev.ficus.demo.check;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.check.Finding.Damage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks order-service for its first listed products, and looks each answer up where it belongs: the
 * name in the inventory database, the seller in the user database, the orders in the order
 * database. Called once nobody writes and the reference copies are there.
 *
 * @param listing the listing's address
 * @param users the database that has the users
 * @param inventory the database that has the products
 * @param orders the database that has the orders
 */
public record ListingCheck(
    URI listing, DatabaseAddress users, DatabaseAddress inventory, DatabaseAddress orders) {

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  /** What the listing answers otherwise than the databases. */
  public List<Finding> check() {
    JsonNode page = page();
    List<Finding> findings = new ArrayList<>();
    if (page.isEmpty()) {
      findings.add(new Finding(Damage.LOST, "the listing is empty"));
    }
    for (JsonNode row : page) {
      long product = row.path("productId").asLong();
      compare(
          product,
          row.path("product").asString(""),
          one(inventory, "select name from products where id = ?", product),
          findings);
      long seller =
          Long.parseLong(one(inventory, "select seller_id from products where id = ?", product));
      compare(
          product,
          row.path("seller").asString(""),
          one(users, "select name from users where id = ?", seller),
          findings);
      compare(
          product,
          Long.toString(row.path("orders").asLong()),
          one(
              orders,
              "select count(distinct order_id) from order_items where product_id = ?",
              product),
          findings);
    }
    return findings;
  }

  private static void compare(long product, String listed, String owned, List<Finding> findings) {
    if (!listed.equals(owned)) {
      findings.add(
          new Finding(
              Damage.STALE,
              "the listing of product "
                  + product
                  + " says \""
                  + listed
                  + "\", not \""
                  + owned
                  + "\""));
    }
  }

  private JsonNode page() {
    try {
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(listing).timeout(PATIENCE).build(),
                  HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IllegalStateException(listing + " answers " + answer.statusCode());
      }
      return JsonMapper.builder().build().readTree(answer.body());
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + listing + " failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while reading " + listing, e);
    }
  }

  private static String one(DatabaseAddress database, String sql, long id) {
    try (Connection connection =
            DriverManager.getConnection(
                database.url(), database.user(), database.password().reveal());
        PreparedStatement query = connection.prepareStatement(sql)) {
      query.setLong(1, id);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException("there is no row " + id + ": " + sql);
        }
        return row.getString(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("looking up row " + id + " in " + database + " failed", e);
    }
  }
}
