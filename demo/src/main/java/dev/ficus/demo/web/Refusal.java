package dev.ficus.demo.web;

/** A request that a service refuses for a reason of its own; the caller gets its code. */
public final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String code;

  /**
   * @param status the HTTP status
   * @param code what programs look at, such as {@code out-of-stock}
   * @param message what people read
   */
  public Refusal(int status, String code, String message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** The refusal of a request for something that is not there. */
  public static Refusal notFound(String what) {
    return new Refusal(404, "not-found", "there is no " + what);
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** What programs look at. */
  public String code() {
    return code;
  }
}
