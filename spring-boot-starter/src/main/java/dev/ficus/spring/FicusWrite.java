package dev.ficus.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares that a method's transaction writes one group: it is routed to the side that accepts the
 * group's writes, dual-written while the phase says so, and repeated on the other side when it met
 * a closed fence.
 *
 * <p>Put it on the method, or the class, that is {@code @Transactional}. The whole method is
 * repeated after a closed fence (the transaction has been rolled back by then), so it must do
 * nothing outside its transaction that may not happen twice. A write of another group, or a
 * declared read of another group, inside it is refused.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface FicusWrite {

  /** The group's name, as under {@code ficus.groups}. */
  String value();
}
