package dev.ficus.relay.internal.supervise;

import java.util.List;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.UnknownProducerIdException;

/** What Kafka's errors mean to a stream. */
final class KafkaErrors {

  static final String ADVICE =
      "mend what the message names (login, rights of the relay's principal, limits of the topic), then run \"ficus retry\" for the group";

  /*
   Fenced: another relay publishes, and this one waits for its lease. The others end with a new producer, which finds out by itself what
   the topic was given last.
  */
  private static final List<Class<? extends KafkaException>> PASSING =
      List.of(
          RetriableException.class,
          ProducerFencedException.class,
          InvalidProducerEpochException.class,
          OutOfOrderSequenceException.class,
          UnknownProducerIdException.class,
          TransactionAbortableException.class);

  private KafkaErrors() {}

  /** Whether an error may pass by itself. */
  static boolean isPassing(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      Throwable it = cause;
      if (PASSING.stream().anyMatch(type -> type.isInstance(it)) || isNameUnknown(it)) {
        return true;
      }
    }
    return false;
  }

  /** A name server may be away for a while, just as a broker. */
  private static boolean isNameUnknown(Throwable error) {
    return error instanceof ConfigException
        && String.valueOf(error.getMessage()).startsWith("No resolvable bootstrap");
  }

  /** Kafka's own words, of the innermost error: they name topics, brokers and limits, no values. */
  static String describe(Throwable error) {
    KafkaException innermost = null;
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof KafkaException kafka) {
        innermost = kafka;
      }
    }
    return innermost == null
        ? error.getClass().getSimpleName()
        : "Kafka: " + innermost.getClass().getSimpleName() + ": " + innermost.getMessage();
  }
}
