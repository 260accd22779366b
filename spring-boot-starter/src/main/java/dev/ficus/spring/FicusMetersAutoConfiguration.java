package dev.ficus.spring;

import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** Gives Ficus's meters to the service's registries, where it has Micrometer. */
@AutoConfiguration(after = FicusAutoConfiguration.class)
@ConditionalOnClass(MeterBinder.class)
@ConditionalOnBean(ServiceRouting.class)
public class FicusMetersAutoConfiguration {

  @Bean
  FicusMeters ficusMeters(ServiceRouting routing) {
    return new FicusMeters(routing.routes());
  }
}
