package dev.ficus.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares that a method's transaction only reads one group: it may be answered by either side,
 * within what the group's route allows and as fresh as the configuration asks.
 *
 * <p>Put it on the method, or the class, that is {@code @Transactional(readOnly = true)}. The
 * method may run more than once: when the service database fails it is repeated on the write side,
 * and sampled calls are repeated on both sides, on other threads, to be compared. Inside a {@link
 * FicusWrite} of the same group it belongs to that transaction and reads what it wrote.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface FicusRead {

  /** The group's name, as under {@code ficus.groups}. */
  String value();

  /**
   * Whether sampled calls are compared on both sides. Switch it off where the sides may rightly
   * answer differently, such as a listing that joins reference copies on one side only. Compared
   * results need a type that defines equals.
   */
  boolean shadow() default true;
}
