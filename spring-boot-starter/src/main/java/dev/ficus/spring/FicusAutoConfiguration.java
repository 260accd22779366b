package dev.ficus.spring;

import java.util.Arrays;
import java.util.List;
import javax.sql.DataSource;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.AutowireCandidateQualifier;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.context.annotation.Role;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.support.CompositeTaskDecorator;

/** Wires Ficus into a service where {@code ficus.service} is set. */
@AutoConfiguration(
    after = DataSourceAutoConfiguration.class,
    beforeName = {
      "org.springframework.boot.jdbc.autoconfigure.JdbcTemplateAutoConfiguration",
      "org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration",
      "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
      "org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration",
      "org.springframework.boot.liquibase.autoconfigure.LiquibaseAutoConfiguration"
    })
@ConditionalOnProperty("ficus.service")
@EnableConfigurationProperties(FicusProperties.class)
public class FicusAutoConfiguration {

  static final String DATA_SOURCE = "ficusDataSource";

  /** What code can ask and say about routing. */
  @Bean
  @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
  static DeclaredContext ficusRouting() {
    return new DeclaredContext();
  }

  @Bean
  @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
  static DeclaredTransactions ficusTransactions(DeclaredContext context) {
    return new DeclaredTransactions(context);
  }

  @Bean(destroyMethod = "close")
  ServiceRouting ficusServiceRouting(
      FicusProperties properties,
      ListableBeanFactory beans,
      DeclaredContext context,
      ObjectProvider<TaskDecorator> decorators) {
    // Not before a first sample: a decorator may need beans that need the data source.
    return new ServiceRouting(
        properties,
        sharedDataSource(beans),
        context,
        task -> new CompositeTaskDecorator(decorators.orderedStream().toList()).decorate(task));
  }

  @Bean(DATA_SOURCE)
  @Primary
  RoutingDataSource ficusDataSource(
      ServiceRouting routing, DeclaredContext context, FicusProperties properties) {
    return new RoutingDataSource(routing, context, properties.undeclared());
  }

  @Bean
  ApplicationListener<ContextRefreshedEvent> ficusStarted(RoutingDataSource dataSource) {
    return event -> dataSource.started();
  }

  @Bean
  static SmartInitializingSingleton ficusProxyCheck(ConfigurableListableBeanFactory beans) {
    return () -> ProxyCheck.run(beans);
  }

  @Bean
  @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
  static DeclaredAdvisor ficusAdvisor(DeclaredContext context, BeanFactory beans) {
    return new DeclaredAdvisor(
        new DeclaredInterceptor(context, () -> beans.getBean(ServiceRouting.class)));
  }

  @Bean
  static BeanDefinitionRegistryPostProcessor ficusDefinitions() {
    return new Definitions();
  }

  private static DataSource sharedDataSource(ListableBeanFactory beans) {
    List<String> names =
        Arrays.stream(beans.getBeanNamesForType(DataSource.class, true, false))
            .filter(name -> !name.equals(DATA_SOURCE))
            .toList();
    if (names.size() != 1) {
      throw new StarterException(
          "the shared database must be the service's only other data source, but there are "
              + names.size()
              + ": "
              + names,
          "configure spring.datasource, and keep further data sources out of the context");
    }
    return beans.getBean(names.get(0), DataSource.class);
  }

  /** Adjusts what other auto-configurations have defined. */
  private static final class Definitions implements BeanDefinitionRegistryPostProcessor {

    /** Qualifiers by which migration tools ask for their data source. */
    private static final List<String> MIGRATIONS =
        List.of(
            "org.springframework.boot.flyway.autoconfigure.FlywayDataSource",
            "org.springframework.boot.liquibase.autoconfigure.LiquibaseDataSource");

    @Override
    public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
      // Nobody else may have asked for proxies yet.
      AopConfigUtils.registerAutoProxyCreatorIfNecessary(registry);
      // Migrations of the application go to the shared database, as before Ficus came, whatever
      // undeclared connections may do.
      if (registry.containsBeanDefinition("dataSource")
          && registry.getBeanDefinition("dataSource") instanceof AbstractBeanDefinition shared) {
        for (String qualifier : MIGRATIONS) {
          if (!shared.hasQualifier(qualifier)) {
            shared.addQualifier(new AutowireCandidateQualifier(qualifier));
          }
        }
      }
    }
  }
}
