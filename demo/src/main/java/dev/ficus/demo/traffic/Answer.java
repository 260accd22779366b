package dev.ficus.demo.traffic;

import tools.jackson.databind.JsonNode;

/** What a customer gets for a request. */
sealed interface Answer {

  /**
   * It was done.
   *
   * @param body the answer
   */
  record Done(JsonNode body) implements Answer {}

  /**
   * The service says that it was not done, and why.
   *
   * @param code the service's code
   */
  record Refused(String code) implements Answer {}

  /**
   * Nobody knows: a time-out, a lost connection, or a server error.
   *
   * @param reason which of them
   */
  record Unknown(String reason) implements Answer {}
}
