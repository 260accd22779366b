package dev.ficus.readrouter;

import dev.ficus.core.ErrorKind;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Compares the answers of two sides by value: {@code equals}, and arrays, records, optionals, lists
 * and maps by what they hold.
 */
final class ResultEquality {

  /** Types that were looked at, and whether they define equals. */
  private final Map<Class<?>, Boolean> definesEquals = new ConcurrentHashMap<>();

  /**
   * Refuses an answer that could only be compared by identity: two equal rows would count as a
   * mismatch, always.
   *
   * @param what the read, for the error
   * @throws ReadException if a type inside it does not define equals
   */
  void requireComparable(String what, @Nullable Object result) {
    if (result == null) {
      return;
    }
    Class<?> type = result.getClass();
    if (result instanceof Optional<?> optional) {
      requireComparable(what, optional.orElse(null));
    } else if (result instanceof Map<?, ?> map) {
      map.forEach(
          (key, value) -> {
            requireComparable(what, key);
            requireComparable(what, value);
          });
    } else if (result instanceof Collection<?> collection) {
      collection.forEach(element -> requireComparable(what, element));
    } else if (type.isArray()) {
      if (!type.getComponentType().isPrimitive()) {
        for (Object element : (Object[]) result) {
          requireComparable(what, element);
        }
      }
    } else if (type.isRecord()) {
      for (RecordComponent component : type.getRecordComponents()) {
        requireComparable(what, value(component, result));
      }
    } else if (!definesEquals.computeIfAbsent(type, ResultEquality::looksEqual)) {
      throw new ReadException(
          ErrorKind.USAGE,
          what
              + " answers with a "
              + type.getName()
              + ", which does not define equals: its answers cannot be compared on both sides",
          "answer with records, or define equals, or switch the comparison off for this read");
    }
  }

  private static boolean looksEqual(Class<?> type) {
    try {
      return type.getMethod("equals", Object.class).getDeclaringClass() != Object.class;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("every class has equals: " + type.getName(), e);
    }
  }

  boolean equal(@Nullable Object a, @Nullable Object b) {
    if (a == b) {
      return true;
    }
    if (a == null || b == null) {
      return false;
    }
    if (a instanceof Optional<?> one && b instanceof Optional<?> other) {
      return equal(one.orElse(null), other.orElse(null));
    }
    if (a instanceof List<?> one && b instanceof List<?> other) {
      return one.size() == other.size() && inOrder(one.iterator(), other.iterator());
    }
    if (a instanceof Set<?> || b instanceof Set<?>) {
      return a.equals(b);
    }
    if (a instanceof Map<?, ?> one && b instanceof Map<?, ?> other) {
      return one.keySet().equals(other.keySet())
          && one.entrySet().stream()
              .allMatch(entry -> equal(entry.getValue(), other.get(entry.getKey())));
    }
    if (a.getClass().isArray() && b.getClass().isArray()) {
      return arrays(a, b);
    }
    if (a.getClass().isRecord() && a.getClass() == b.getClass()) {
      for (RecordComponent component : a.getClass().getRecordComponents()) {
        if (!equal(value(component, a), value(component, b))) {
          return false;
        }
      }
      return true;
    }
    return a.equals(b);
  }

  private boolean inOrder(Iterator<?> one, Iterator<?> other) {
    while (one.hasNext() && other.hasNext()) {
      if (!equal(one.next(), other.next())) {
        return false;
      }
    }
    return true;
  }

  private boolean arrays(Object a, Object b) {
    int length = Array.getLength(a);
    if (length != Array.getLength(b)) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (!equal(Array.get(a, i), Array.get(b, i))) {
        return false;
      }
    }
    return true;
  }

  private static @Nullable Object value(RecordComponent component, Object holder) {
    try {
      // The record may be private to the application's class.
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(holder);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(
          "component "
              + component.getName()
              + " of "
              + holder.getClass().getName()
              + " cannot be read",
          e);
    }
  }
}
