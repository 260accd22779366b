package dev.ficus.demo.orders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.check.ListingCheck;
import dev.ficus.demo.inventory.InventoryApplication;
import dev.ficus.demo.stage.Stage;
import dev.ficus.demo.traffic.StoreSize;
import dev.ficus.demo.users.UsersApplication;
import dev.ficus.demo.web.Refusal;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
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
    orders =
        start(
            OrdersApplication.class,
            "orders",
            "--store.inventory=" + inventory,
            "--store.recovery.reserving=1s",
            "--store.recovery.releasing=1s");
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
  void shouldRefuseOtherContentUnderTheSameNumber() {
    assertThat(place("N-5", "{\"productId\":25,\"quantity\":1}").status()).isEqualTo(201);
    long before = stock(25);

    Reply other = place("N-5", "{\"productId\":25,\"quantity\":2}");

    assertThat(other.status()).isEqualTo(409);
    assertThat(other.code()).isEqualTo("number-taken");
    assertThat(stock(25)).isEqualTo(before);
  }

  @Test
  void shouldPlaceARefusedOrderOnceThereIsStock() {
    String order = "{\"productId\":26,\"quantity\":1},{\"productId\":27,\"quantity\":200000}";
    assertThat(place("N-6", order).code()).isEqualTo("out-of-stock");
    database.execute("update products set stock = 200000 where id = 27");

    assertThat(place("N-6", order).status()).isEqualTo(201);

    assertThat(stock(27)).isZero();
    assertThat(database.queryOne("select count(*) from order_intents where order_number = 'N-6'"))
        .isEqualTo("0");
  }

  @Test
  void shouldRefuseOtherContentUnderTheIdOfAReservation() {
    String reservation = inventory + "/reservations/" + UUID.randomUUID();
    call("PUT", reservation, "{\"productId\":28,\"quantity\":2}");

    Reply other = call("PUT", reservation, "{\"productId\":28,\"quantity\":3}");

    assertThat(other.code()).isEqualTo("reservation-differs");
  }

  /** As if order-service had died after it reserved and before it wrote the order. */
  @Test
  void shouldReleaseWhatARequestLeftBehindThatDied() {
    long before = stock(29);
    UUID reservation = UUID.randomUUID();
    call("PUT", inventory + "/reservations/" + reservation, "{\"productId\":29,\"quantity\":2}");
    assertThat(stock(29)).isEqualTo(before - 2);

    leaveBehind("N-7", "reserving", 29, reservation);

    awaitOne("select count(*) from order_intents where order_number = 'N-7' and state = 'refused'");
    assertThat(stock(29)).isEqualTo(before);
    assertThat(place("N-7", "{\"productId\":29,\"quantity\":2}").status()).isEqualTo(201);
  }

  /** As if order-service had died after it cancelled the order and before it released its stock. */
  @Test
  void shouldReleaseTheStockOfACancelledOrderThatWasLeftBehind() {
    long before = stock(30);
    Reply placed = place("N-8", "{\"productId\":30,\"quantity\":2}");
    database.execute("update orders set status = 'cancelled' where order_number = 'N-8'");

    leaveBehind(
        "N-8",
        "releasing",
        30,
        UUID.fromString(placed.body().path("items").get(0).path("reservationId").asString()));

    awaitOne("select (not exists (select from order_intents where order_number = 'N-8'))::int");
    assertThat(stock(30)).isEqualTo(before);
  }

  /** As if the commit that placed the order had been done and its answer lost. */
  @Test
  void shouldNotPlaceAnOrderThatWasGivenUpNorGiveUpOneThatStands() {
    Orders desk = SERVICES.get(2).getBean(Orders.class);
    Intent intent =
        ((Orders.Begun.Started)
                desk.begin(new NewOrder("N-9", 3, List.of(new NewOrder.Wish(31, 1)))))
            .intent();
    OrderItem item =
        new OrderItem(1, 31, intent.lines().get(0).reservationId(), 1, new BigDecimal("1.00"));
    assertThat(desk.insert(intent, List.of(item)).status()).isEqualTo("placed");

    assertThat(desk.giveUp(intent)).isFalse();

    Intent late =
        ((Orders.Begun.Started)
                desk.begin(new NewOrder("N-10", 3, List.of(new NewOrder.Wish(31, 1)))))
            .intent();
    assertThat(desk.giveUp(late)).isTrue();
    assertThatThrownBy(() -> desk.insert(late, List.of(item)))
        .isInstanceOfSatisfying(Refusal.class, it -> assertThat(it.code()).isEqualTo("given-up"));
  }

  @Test
  void shouldPlaceOneOrderWhenManyAskAtOnceWithOneNumber() {
    long before = stock(32);
    List<Reply> replies =
        IntStream.range(0, 8)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> place("N-11", "{\"productId\":32,\"quantity\":2}")))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();

    assertThat(replies).anyMatch(it -> it.status() == 201);
    assertThat(replies).allMatch(it -> it.status() == 201 || it.code().equals("in-progress"));
    assertThat(stock(32)).isEqualTo(before - 2);
    assertThat(
            database.queryOne(
                "select r.status from reservations r join order_items i on i.reservation_id = r.id"
                    + " join orders o on o.id = i.order_id where o.order_number = 'N-11'"))
        .isEqualTo("held");
  }

  private static void leaveBehind(String number, String state, long product, UUID reservation) {
    database.execute(
        "insert into order_intents (order_number, customer_id, attempt, state, lines, touched_at)"
            + " values ('"
            + number
            + "', 3, 1, '"
            + state
            + "', '[{\"productId\": "
            + product
            + ", \"quantity\": 2, \"reservationId\": \""
            + reservation
            + "\"}]', now() - interval '1 minute')");
  }

  private static void awaitOne(String sql) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!database.queryOne(sql).equals("1")) {
      assertThat(System.nanoTime()).as(sql).isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  @Test
  void shouldListProductsWithSellerAndOrderCount() {
    JsonNode page = call("GET", orders + "/listing?after=20&limit=5", "").body();

    assertThat(page.size()).isEqualTo(5);
    assertThat(page.get(0).path("productId").asLong()).isEqualTo(21);
    assertThat(page.get(0).path("seller").asString())
        .isEqualTo(
            database.queryOne(
                "select u.name from users u join products p on p.seller_id = u.id where p.id ="
                    + " 21"));
    assertThat(page.get(0).path("orders").asString())
        .isEqualTo(
            database.queryOne(
                "select count(distinct order_id) from order_items where product_id = 21"));
  }

  @Test
  void shouldFindAListingThatDiffersFromTheDatabases() {
    ListingCheck check =
        new ListingCheck(
            URI.create(orders + "/listing?after=60&limit=3"),
            database.address(),
            database.address(),
            database.address());
    assertThat(check.check()).isEmpty();
    database.execute(
        "create or replace view product_listing as select p.id as product_id,"
            + " case p.id when 61 then 'Other' else p.name end as product, p.seller_id,"
            + " u.name as seller, (select count(distinct i.order_id) from order_items i"
            + " where i.product_id = p.id) as orders"
            + " from products p join users u on u.id = p.seller_id");

    assertThat(check.check()).singleElement().asString().contains("product 61", "Other");
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
