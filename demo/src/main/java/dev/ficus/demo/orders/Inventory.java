package dev.ficus.demo.orders;

import dev.ficus.demo.web.ApiError;
import dev.ficus.demo.web.Refusal;
import java.math.BigDecimal;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Supplier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.stereotype.Component;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;

/** inventory-service as order-service sees it: over HTTP. */
@Component
class Inventory {

  private static final int ATTEMPTS = 2;

  private final RestClient http;

  Inventory(@Value("${store.inventory}") String url) {
    JdkClientHttpRequestFactory requests =
        new JdkClientHttpRequestFactory(
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(2))
                .build());
    requests.setReadTimeout(Duration.ofSeconds(12));
    this.http = RestClient.builder().baseUrl(url).requestFactory(requests).build();
  }

  /**
   * The body of a request to reserve.
   *
   * @param productId the product
   * @param quantity how many pieces
   */
  record Wish(long productId, int quantity) {}

  /**
   * What inventory-service answers; the rest of its answer is its own.
   *
   * @param id the reservation
   * @param unitPrice the price that holds for it
   */
  record Reserved(UUID id, BigDecimal unitPrice) {}

  /** Sets stock aside; with the same id it does so once however often it is tried. */
  Reserved reserve(UUID id, long productId, int quantity) {
    return attempt(
        () -> {
          Reserved reserved =
              http.put()
                  .uri("/reservations/{id}", id)
                  .body(new Wish(productId, quantity))
                  .retrieve()
                  .body(Reserved.class);
          if (reserved == null) {
            throw new RestClientException("an empty answer to a reservation");
          }
          return reserved;
        });
  }

  /** Gives stock back; asking again, or asking for what never arrived, changes nothing. */
  void release(UUID id, long productId, int quantity) {
    HttpStatusCode unused =
        attempt(
            () ->
                http.delete()
                    .uri(
                        "/reservations/{id}?productId={product}&quantity={quantity}",
                        id,
                        productId,
                        quantity)
                    .retrieve()
                    .toBodilessEntity()
                    .getStatusCode());
  }

  private static <T> T attempt(Supplier<T> call) {
    RestClientException last = new RestClientException("not tried");
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        return call.get();
      } catch (HttpClientErrorException refused) {
        ApiError error = refused.getResponseBodyAs(ApiError.class);
        throw new Refusal(
            refused.getStatusCode().value(),
            error == null ? "refused" : error.code(),
            "inventory-service refused: "
                + (error == null ? refused.getStatusCode() : error.message()));
      } catch (RestClientException failed) {
        last = failed;
      }
    }
    throw new InventoryUnavailable(last);
  }

  /** No answer, or a server error, however often it was tried: what happened there is unknown. */
  static final class InventoryUnavailable extends RuntimeException {

    private static final long serialVersionUID = 1L;

    InventoryUnavailable(RestClientException cause) {
      super("inventory-service does not answer", cause);
    }
  }
}
