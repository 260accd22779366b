package dev.ficus.demo.stage;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.inventory.InventoryApplication;
import dev.ficus.demo.orders.OrdersApplication;
import dev.ficus.demo.stage.Servers.Server;
import dev.ficus.demo.traffic.StoreAddress;
import dev.ficus.demo.users.UsersApplication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The store's three services, each a process of its own. */
final class StoreServices implements AutoCloseable {

  private static final int HEAP_MEGABYTES = 160;
  private static final int WARM_UP_ROUNDS = 5;
  private static final Duration START = Duration.ofSeconds(90);

  private final List<ChildJvm> processes = new ArrayList<>();
  private final StoreAddress address;

  private StoreServices(StoreAddress address) {
    this.address = address;
  }

  /** Starts all three; {@link #awaitReady} waits until they answer. */
  static StoreServices start(Servers servers, Path logs) {
    List<Integer> ports = freePorts(3);
    StoreServices services =
        new StoreServices(
            new StoreAddress(uri(ports.get(0)), uri(ports.get(1)), uri(ports.get(2))));
    services.start(UsersApplication.class, Server.USERS, ports.get(0), servers, logs);
    services.start(InventoryApplication.class, Server.INVENTORY, ports.get(1), servers, logs);
    services.start(OrdersApplication.class, Server.ORDERS, ports.get(2), servers, logs);
    return services;
  }

  private void start(Class<?> application, Server own, int port, Servers servers, Path logs) {
    DatabaseAddress shared = servers.address(Server.SHARED);
    DatabaseAddress target = servers.address(own);
    processes.add(
        ChildJvm.start(
            own.database() + "-service",
            HEAP_MEGABYTES,
            application.getName(),
            List.of(
                "--spring.profiles.active=store," + own.database(),
                "--server.port=" + port,
                "--spring.datasource.url=" + shared.url(),
                "--spring.datasource.username=" + shared.user(),
                "--spring.datasource.password=" + shared.password().reveal(),
                "--ficus.target.url=" + target.url(),
                "--ficus.target.username=" + target.user(),
                "--ficus.target.password=" + target.password().reveal(),
                "--store.inventory=" + address.inventory()),
            logs));
  }

  /** Where they listen. */
  StoreAddress address() {
    return address;
  }

  /** Waits until all three accept connections. */
  void awaitReady() {
    long deadline = System.nanoTime() + START.toNanos();
    for (URI service : List.of(address.users(), address.inventory(), address.orders())) {
      while (!accepts(service)) {
        processes.forEach(ChildJvm::requireAlive);
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException(
              "the service at " + service + " does not answer after " + START.toSeconds() + " s");
        }
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    }
  }

  /** Sends a few reads to each, so that the first customers do not wait for classes to load. */
  void warmUp() {
    HttpClient http = HttpClient.newHttpClient();
    List<URI> reads =
        List.of(
            address.users().resolve("/users/1"),
            address.inventory().resolve("/products/1"),
            address.orders().resolve("/listing"));
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      reads.stream()
          .map(
              read ->
                  http.sendAsync(
                      HttpRequest.newBuilder(read).timeout(START).build(),
                      HttpResponse.BodyHandlers.discarding()))
          .toList()
          .forEach(answer -> requireOk(answer.join()));
    }
  }

  private static void requireOk(HttpResponse<Void> answer) {
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(
          answer.uri() + " answers " + answer.statusCode() + " before the customers have come");
    }
  }

  private static boolean accepts(URI service) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(service.getHost(), service.getPort()), 500);
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  private static URI uri(int port) {
    return URI.create("http://localhost:" + port);
  }

  private static List<Integer> freePorts(int count) {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      List<Integer> ports = held.stream().map(ServerSocket::getLocalPort).toList();
      for (ServerSocket socket : held) {
        socket.close();
      }
      return ports;
    } catch (IOException e) {
      throw new UncheckedIOException("finding free ports failed", e);
    }
  }

  @Override
  public void close() {
    processes.forEach(ChildJvm::end);
    processes.forEach(ChildJvm::close);
  }
}
