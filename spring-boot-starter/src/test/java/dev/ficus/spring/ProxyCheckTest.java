package dev.ficus.spring;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProxyCheckTest {

  @SuppressWarnings("UnusedMethod")
  static class Hidden {
    @FicusWrite("orders")
    private void secretly() {}

    @FicusRead("orders")
    public final void atLast() {}

    @FicusWrite("orders")
    void openly() {}
  }

  @Test
  void shouldNameEachDeclaredMethodThatNoProxyCanRoute() {
    assertThatThrownBy(() -> ProxyCheck.check(Hidden.class))
        .isInstanceOf(StarterException.class)
        .hasMessageContaining("[Hidden.atLast, Hidden.secretly]");
    assertThatCode(() -> ProxyCheck.check(Shop.class)).doesNotThrowAnyException();
  }
}
