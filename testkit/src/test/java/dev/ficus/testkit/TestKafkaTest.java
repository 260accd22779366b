package dev.ficus.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

class TestKafkaTest {

  @Test
  void shouldKeepTopicsAndAddressWhenItsBrokerIsRestarted() throws Exception {
    try (TestKafka kafka = TestKafka.start()) {
      String address = kafka.bootstrapServers();
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
        admin
            .createTopics(List.of(new NewTopic("kept", Optional.of(1), Optional.empty())))
            .all()
            .get();
      }

      kafka.stopBroker();
      kafka.startBroker();

      assertThat(kafka.bootstrapServers()).isEqualTo(address);
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
        assertThat(admin.listTopics().names().get()).contains("kept");
      }
    }
  }
}
