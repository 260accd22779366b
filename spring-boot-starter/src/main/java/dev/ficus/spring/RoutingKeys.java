package dev.ficus.spring;

import dev.ficus.readrouter.RoutingKey;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.ParameterNameDiscoverer;

/**
 * Finds the routing key of a call of one group: set explicitly, named by configuration, or all
 * arguments.
 */
final class RoutingKeys {

  private static final Logger LOG = LoggerFactory.getLogger(RoutingKeys.class);

  private final Optional<String> name;
  private final DeclaredContext context;
  private final ParameterNameDiscoverer names = new DefaultParameterNameDiscoverer();
  private final Map<Method, Optional<Source>> sources = new ConcurrentHashMap<>();

  /** Takes the key out of a call's arguments. */
  private record Source(int argument, Optional<Method> component) {

    @Nullable Object of(@Nullable Object[] arguments) {
      Object value = arguments[argument];
      if (value == null || component.isEmpty()) {
        return value;
      }
      try {
        return component.get().invoke(value);
      } catch (IllegalAccessException | InvocationTargetException e) {
        throw new IllegalStateException("the routing key cannot be read by " + component.get(), e);
      }
    }
  }

  RoutingKeys(Optional<String> name, DeclaredContext context) {
    this.name = name;
    this.context = context;
  }

  RoutingKey ofRead(Method method, @Nullable Object[] arguments) {
    return named(method, arguments)
        .orElseGet(
            () ->
                RoutingKey.unnamed(
                    method.getName()
                        + Arrays.stream(arguments)
                            .map(argument -> text(method, argument))
                            .collect(Collectors.joining("\0", "(", ")"))));
  }

  /** A write goes where all writes go: its key only says which reads have to wait for it. */
  RoutingKey ofWrite(Method method, @Nullable Object[] arguments) {
    return named(method, arguments).orElseGet(() -> RoutingKey.unnamed(""));
  }

  private Optional<RoutingKey> named(Method method, @Nullable Object[] arguments) {
    return context
        .explicitKey()
        .or(
            () ->
                sources
                    .computeIfAbsent(method, this::source)
                    .map(source -> source.of(arguments))
                    .map(value -> text(method, value)))
        .map(RoutingKey::named);
  }

  /** Asked once for each method. */
  private Optional<Source> source(Method method) {
    if (name.isEmpty()) {
      return Optional.empty();
    }
    String[] parameters = names.getParameterNames(method);
    for (int i = 0; parameters != null && i < parameters.length; i++) {
      if (parameters[i].equals(name.get())) {
        return Optional.of(new Source(i, Optional.empty()));
      }
    }
    Class<?>[] types = method.getParameterTypes();
    for (int i = 0; i < types.length; i++) {
      if (types[i].isRecord()) {
        for (RecordComponent component : types[i].getRecordComponents()) {
          if (component.getName().equals(name.get())) {
            component.getAccessor().setAccessible(true);
            return Optional.of(new Source(i, Optional.of(component.getAccessor())));
          }
        }
      }
    }
    LOG.warn(
        "{}.{} has no parameter, and no component of a record parameter, that is called {} as routing-key says,"
            + " so all its arguments decide where it goes and what it waits for; next: correct"
            + " ficus.groups.<group>.routing-key, rename a parameter, or compile with -parameters",
        method.getDeclaringClass().getSimpleName(),
        method.getName(),
        name.get());
    return Optional.empty();
  }

  /** A text that is the same for equal values in every process. */
  private static String text(Method method, @Nullable Object value) {
    if (value == null) {
      return "\1";
    }
    if (value.getClass().isArray()) {
      String wrapped = Arrays.deepToString(new Object[] {value});
      return wrapped.substring(1, wrapped.length() - 1);
    }
    if (value instanceof Collection<?> || value instanceof Map<?, ?> || definesText(value)) {
      return value.toString();
    }
    throw new StarterException(
        "argument of type "
            + value.getClass().getName()
            + " of "
            + method.getDeclaringClass().getSimpleName()
            + "."
            + method.getName()
            + " has no stable text, so it cannot decide which side a read goes to",
        "set ficus.groups.<group>.routing-key to a parameter with a stable text, or set the key with FicusRouting.withKey");
  }

  private static boolean definesText(Object value) {
    try {
      return value.getClass().getMethod("toString").getDeclaringClass() != Object.class;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("every class has toString", e);
    }
  }
}
