package dev.ficus.demo.orders;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.inventory.InventoryApplication;
import dev.ficus.demo.stage.Stage;
import dev.ficus.demo.traffic.StoreSize;
import dev.ficus.demo.users.UsersApplication;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The three services over HTTP, on the shared database alone. */
class StoreApiTest {

  private static final List<ConfigurableApplicationContext> SERVICES = new ArrayList<>();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static TestDatabase database;
  private static TestDatabase target;
  private static String users;
  private static String inventory;
  private static String orders;

  @BeforeAll
  static void startServices() {
    database = TestPostgres.create();
    target = TestPostgres.create();
    Stage.createStore(database.address(), new StoreSize(200), true);
    users = start(UsersApplication.class, "users");
    inventory = start(InventoryApplication.class, "inventory");
    orders = start(OrdersApplication.class, "orders", "--store.inventory=" + inventory);
  }

  @AfterAll
  static void stopServices() {
    SERVICES.forEach(ConfigurableApplicationContext::close);
    database.close();
    target.close();
  }

  private static String start(Class<?> application, String profile, String... more) {
    DatabaseAddress shared = database.address();
    int port = freePort();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--spring.profiles.active=store," + profile,
                "--server.port=" + port,
                "--spring.datasource.url=" + shared.url(),
                "--spring.datasource.username=" + shared.user(),
                "--spring.datasource.password=",
                "--ficus.target.url=" + target.address().url(),
                "--ficus.target.username=" + target.address().user()));
    arguments.addAll(List.of(more));
    SERVICES.add(SpringApplication.run(application, arguments.toArray(String[]::new)));
    return "http://localhost:" + port;
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private record Reply(int status, JsonNode body) {
    String code() {
      return body.path("code").asString("");
    }
  }

  private static Reply call(String method, String url, String body) {
    try {
      HttpResponse<String> response =
          HTTP.send(
              HttpRequest.newBuilder(URI.create(url))
                  .header("Content-Type", "application/json")
                  .method(method, HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      return new Reply(
          response.statusCode(),
          response.body().isEmpty() ? JSON.nullNode() : JSON.readTree(response.body()));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static long stock(long product) {
    return Long.parseLong(database.queryOne("select stock from products where id = " + product));
  }

  private static Reply place(String number, String items) {
    return call(
        "POST",
        orders + "/orders",
        "{\"number\":\"" + number + "\",\"customerId\":3,\"items\":[" + items + "]}");
  }

  @Test
  void shouldCreateRenameAndFindUser() {
    Reply created =
        call(
            "POST",
            users + "/users",
            "{\"email\":\"a@example\",\"name\":\"A\",\"bio\":\"likes figs\"}");
    assertThat(created.status()).isEqualTo(201);
    String user = users + "/users/" + created.body().path("id").asLong();

    assertThat(call("PUT", user + "/name", "{\"name\":\"B\"}").status()).isEqualTo(200);

    JsonNode found = call("GET", user, "").body();
    assertThat(found.path("name").asString()).isEqualTo("B");
    assertThat(found.path("bio").asString()).isEqualTo("likes figs");
  }

  @Test
  void shouldAnswerWithCodeWhenBusinessKeyIsTaken() {
    Reply second =
        call(
            "POST",
            users + "/users",
            "{\"email\":\"user1@ficus.example\",\"name\":\"A\",\"bio\":\"\"}");

    assertThat(second.status()).isEqualTo(409);
    assertThat(second.code()).isEqualTo("duplicate-key");
  }

  @Test
  void shouldPlacePayAndShipAndTakeStockOnce() {
    long before = stock(5);

    Reply placed = place("N-1", "{\"productId\":5,\"quantity\":2}");
    assertThat(placed.status()).isEqualTo(201);
    Reply again = place("N-1", "{\"productId\":5,\"quantity\":2}");
    assertThat(again.body().path("id").asLong()).isEqualTo(placed.body().path("id").asLong());
    assertThat(stock(5)).isEqualTo(before - 2);

    String order = orders + "/orders/N-1";
    assertThat(call("POST", order + "/shipment", "").code()).isEqualTo("wrong-status");
    assertThat(call("POST", order + "/payment", "{\"method\":\"card\"}").status()).isEqualTo(200);
    assertThat(call("POST", order + "/shipment", "").status()).isEqualTo(200);
    assertThat(call("GET", order, "").body().path("status").asString()).isEqualTo("shipped");
  }

  @Test
  void shouldReleaseEarlierLinesWhenALaterOneIsOutOfStock() {
    long before = stock(7);

    Reply refused =
        place("N-2", "{\"productId\":7,\"quantity\":3},{\"productId\":8,\"quantity\":100000000}");

    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("out-of-stock");
    assertThat(stock(7)).isEqualTo(before);
    assertThat(database.queryOne("select count(*) from orders where order_number = 'N-2'"))
        .isEqualTo("0");
  }

  @Test
  void shouldReleaseReservationsWhenTheOrderCannotBeWritten() {
    long before = stock(11);

    Reply failed =
        call(
            "POST",
            orders + "/orders",
            "{\"number\":\"N-3\",\"customerId\":-1,\"items\":[{\"productId\":11,\"quantity\":1}]}");

    assertThat(failed.code()).isEqualTo("constraint-violated");
    assertThat(stock(11)).isEqualTo(before);
  }

  @Test
  void shouldGiveStockBackOnceWhenAnOrderIsCancelledTwice() {
    long before = stock(9);
    place("N-4", "{\"productId\":9,\"quantity\":4}");
    assertThat(stock(9)).isEqualTo(before - 4);

    assertThat(call("DELETE", orders + "/orders/N-4", "").status()).isEqualTo(200);
    assertThat(call("DELETE", orders + "/orders/N-4", "").status()).isEqualTo(200);

    assertThat(stock(9)).isEqualTo(before);
  }

  @Test
  void shouldRefuseAReservationThatArrivesAfterItsRelease() {
    long before = stock(13);
    String reservation = inventory + "/reservations/" + UUID.randomUUID();

    call("DELETE", reservation + "?productId=13&quantity=2", "");
    Reply late = call("PUT", reservation, "{\"productId\":13,\"quantity\":2}");

    assertThat(late.code()).isEqualTo("released");
    assertThat(stock(13)).isEqualTo(before);
  }

  @Test
  void shouldListProductsWithSellerAndOrderCount() {
    JsonNode page = call("GET", orders + "/listing?after=20&limit=5", "").body();

    assertThat(page.size()).isEqualTo(5);
    assertThat(page.get(0).path("productId").asLong()).isEqualTo(21);
    assertThat(page.get(0).path("seller").asString())
        .isEqualTo(
            database.queryOne(
                "select u.name from users u join products p on p.seller_id = u.id where p.id = 21"));
    assertThat(page.get(0).path("orders").asString())
        .isEqualTo(
            database.queryOne(
                "select count(distinct order_id) from order_items where product_id = 21"));
  }

  @Test
  void shouldRepriceAndListProduct() {
    assertThat(call("PUT", inventory + "/products/15/price", "{\"price\":12.30}").status())
        .isEqualTo(204);

    JsonNode product = call("GET", inventory + "/products/15", "").body();
    assertThat(product.path("price").asDouble()).isEqualTo(12.3);
    assertThat(
            call("GET", inventory + "/products?category=16&after=14", "")
                .body()
                .get(0)
                .path("id")
                .asLong())
        .isEqualTo(15);
  }
}
