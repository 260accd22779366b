package dev.ficus.spring;

import dev.ficus.core.GroupName;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.Optional;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;

/** What a method's annotations declare. */
sealed interface Declaration {

  /** The group. */
  GroupName group();

  /** {@link FicusWrite}. */
  record Write(GroupName group) implements Declaration {}

  /** {@link FicusRead}. */
  record Read(GroupName group, boolean shadow) implements Declaration {}

  /** The declaration on the method, else on its class; as {@code @Transactional} is looked up. */
  static Optional<Declaration> of(Method method, Class<?> target) {
    if (method.getDeclaringClass() == Object.class) {
      // A declaration on the class means the methods that it adds.
      return Optional.empty();
    }
    Method specific = ClassUtils.getMostSpecificMethod(method, target);
    return on(specific)
        .or(() -> on(specific.getDeclaringClass()))
        .or(() -> on(method))
        .or(() -> on(target));
  }

  private static Optional<Declaration> on(AnnotatedElement element) {
    FicusWrite write = AnnotatedElementUtils.findMergedAnnotation(element, FicusWrite.class);
    FicusRead read = AnnotatedElementUtils.findMergedAnnotation(element, FicusRead.class);
    if (write != null && read != null) {
      throw new StarterException(
          element + " is declared both @FicusWrite and @FicusRead",
          "keep @FicusWrite: reads belong to its transaction");
    }
    if (write != null) {
      return Optional.of(new Write(new GroupName(write.value())));
    }
    return read == null
        ? Optional.empty()
        : Optional.of(new Read(new GroupName(read.value()), read.shadow()));
  }
}
