package dev.ficus.spring;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.TreeSet;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Refuses, when the service starts, declarations on methods that no proxy can intercept: they would
 * run as if nothing had been declared.
 */
final class ProxyCheck {

  private static final int NOT_PROXIED = Modifier.PRIVATE | Modifier.STATIC | Modifier.FINAL;

  private ProxyCheck() {}

  static void run(ConfigurableListableBeanFactory beans) {
    for (String name : beans.getBeanDefinitionNames()) {
      Class<?> type = AutoProxyUtils.determineTargetClass(beans, name);
      if (type != null) {
        check(ClassUtils.getUserClass(type));
      }
    }
  }

  static void check(Class<?> type) {
    if (!AnnotationUtils.isCandidateClass(type, List.of(FicusWrite.class, FicusRead.class))) {
      return;
    }
    TreeSet<String> hidden = new TreeSet<>();
    ReflectionUtils.doWithMethods(
        type,
        method -> {
          if (isDeclared(method) && (method.getModifiers() & NOT_PROXIED) != 0) {
            hidden.add(method.getDeclaringClass().getSimpleName() + "." + method.getName());
          }
        },
        ReflectionUtils.USER_DECLARED_METHODS);
    if (!hidden.isEmpty()) {
      throw new StarterException(
          "declared, but private, static or final, so that no proxy can route them: " + hidden,
          "make them overridable, and call them from another bean");
    }
  }

  private static boolean isDeclared(Method method) {
    return AnnotatedElementUtils.hasAnnotation(method, FicusWrite.class)
        || AnnotatedElementUtils.hasAnnotation(method, FicusRead.class);
  }
}
