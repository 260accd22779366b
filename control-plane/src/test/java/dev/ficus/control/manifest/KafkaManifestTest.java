package dev.ficus.control.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.GroupName;
import dev.ficus.core.Via;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Secret;
import dev.ficus.testkit.Rule;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a manifest says of Kafka, and of streams that travel over it. */
class KafkaManifestTest extends ManifestTexts {

  KafkaManifestTest(@TempDir Path folder) {
    super(folder);
  }

  @Test
  @Rule("R20")
  void shouldReadBrokersAndKeepTheirSecrets() throws IOException {
    Manifest manifest =
        read(
            VALID.replace("via: direct", "via: kafka")
                + """
                kafka:
                  bootstrap-servers: one:9092,two:9092
                  topic-prefix: store
                  replication: 3
                  retention: 3d
                  max-record: 32MB
                  properties:
                    security.protocol: SASL_SSL
                    sasl.jaas.config: "${file:users.secret}"
                """);

    KafkaCluster kafka = manifest.kafka().orElseThrow();
    assertThat(kafka.bootstrapServers()).isEqualTo("one:9092,two:9092");
    assertThat(kafka.topicPrefix()).isEqualTo("store");
    assertThat(kafka.replication()).contains(3);
    assertThat(kafka.retention()).isEqualTo(Duration.ofDays(3));
    assertThat(kafka.maxRecordBytes()).isEqualTo(32 << 20);
    assertThat(kafka.properties().get("sasl.jaas.config")).isEqualTo(new Secret("from a file"));
    assertThat(manifest.toString()).doesNotContain("from a file");
    assertThat(manifest.group(new GroupName("orders")).orElseThrow().via())
        .isEqualTo(new Via.Kafka(1));
    assertThat(manifest.group(new GroupName("users")).orElseThrow().via()).isEqualTo(Via.DIRECT);
  }

  @Test
  @Rule({"R20", "R21"})
  void shouldRefuseStreamsOverKafkaThatCannotBe() {
    assertThat(problems(VALID.replace("via: direct", "via: kafka")))
        .containsExactly(
            "14: services.orders.groups.orders.stream.via: a stream over Kafka needs brokers: add the section kafka with bootstrap-servers");
    assertThat(problems(VALID.replace("via: direct", "via: pigeon")))
        .containsExactly(
            "14: services.orders.groups.orders.stream.via: 'pigeon' is no way to travel; known: direct, kafka, connect");
    assertThat(
            problems(
                VALID
                    + """
                    kafka:
                      bootstrap-servers: one:9092
                      retention: soon
                      max-record: 1GB
                      properties: { acks: "1", sasl.jaas.config: in the clear, enable.idempotence: "false" }
                    """))
        .satisfiesExactlyInAnyOrder(
            problem -> assertThat(problem).contains("kafka.retention: 'soon' is not a duration"),
            problem ->
                assertThat(problem)
                    .contains("kafka.max-record: max-record must be from 1MB to 64MB"),
            problem ->
                assertThat(problem)
                    .contains("kafka.properties.acks: Ficus sets this property itself"),
            problem ->
                assertThat(problem)
                    .contains(
                        "kafka.properties.enable.idempotence: Ficus sets this property itself"),
            problem ->
                assertThat(problem)
                    .contains(
                        "kafka.properties.sasl.jaas.config: a password in clear text is refused"));
  }

  @Test
  void shouldReadHowManyPartitionsATopicHas() throws IOException {
    String brokers = VALID + "kafka: { bootstrap-servers: 'b:9092' }\n";
    for (int partitions : new int[] {1, 4, 64}) {
      assertThat(
              read(brokers.replace("via: direct", "via: kafka, partitions: " + partitions))
                  .group(new GroupName("orders"))
                  .orElseThrow()
                  .via())
          .isEqualTo(new Via.Kafka(partitions));
    }
    for (String number : List.of("0", "65", "999999999")) {
      assertThat(problems(brokers.replace("via: direct", "via: kafka, partitions: " + number)))
          .containsExactly(
              "14: services.orders.groups.orders.stream.partitions: partitions must be from 1 to 64: "
                  + number);
    }
    assertThat(problems(brokers.replace("via: direct", "via: kafka, partitions: many")))
        .containsExactly(
            "14: services.orders.groups.orders.stream.partitions: 'many' is not a number of partitions");
    assertThat(problems(VALID.replace("via: direct", "via: direct, partitions: 4")))
        .containsExactly(
            "14: services.orders.groups.orders.stream.partitions: only a topic of Ficus's own has partitions: write 'via: kafka' beside them, or leave them out");
  }

  @Test
  void shouldReadAConnectorOfKafkaConnect() throws IOException {
    Manifest manifest =
        read(
            VALID.replace("via: direct", "via: connect")
                + """
                kafka:
                  bootstrap-servers: one:9092
                  connect: { url: "https://connect:8083/", connector: store }
                """);

    assertThat(manifest.kafka().orElseThrow().connect())
        .contains(new KafkaConnect(URI.create("https://connect:8083/"), "store", Optional.empty()));
    assertThat(manifest.group(new GroupName("orders")).orElseThrow().via()).isEqualTo(Via.CONNECT);
  }

  @Test
  @Rule({"R20", "R21"})
  void shouldReadALoginOfKafkaConnect() throws IOException {
    String connect =
        VALID.replace("via: direct", "via: connect")
            + "kafka: { bootstrap-servers: b:9092, connect: { url: 'https://connect:8083', connector: store, %s } }\n";

    KafkaConnect read =
        read(connect.formatted("user: ficus, password: '${file:users.secret}'"))
            .kafka()
            .orElseThrow()
            .connect()
            .orElseThrow();
    assertThat(read.login()).contains(new KafkaConnect.Login("ficus", new Secret("from a file")));
    assertThat(read.login().toString()).doesNotContain("from a file");
    assertThat(problems(connect.formatted("user: ficus")))
        .singleElement()
        .asString()
        .contains("kafka.connect.user: a login has a user and a password: write both, or neither");
    assertThat(problems(connect.formatted("user: 'a:b', password: '${file:users.secret}'")))
        .singleElement()
        .asString()
        .contains("kafka.connect.user: user is empty or has a colon");
    assertThat(problems(connect.formatted("user: ficus, password: in the clear")))
        .singleElement()
        .asString()
        .contains("kafka.connect.password: a password in clear text is refused");
  }

  @Test
  @Rule("R21")
  void shouldRefuseStreamsOverKafkaConnectThatCannotBe() {
    assertThat(
            problems(
                VALID.replace("via: direct", "via: connect")
                    + "kafka: { bootstrap-servers: b:9092 }\n"))
        .containsExactly(
            "14: services.orders.groups.orders.stream.via: a stream over Kafka Connect needs a connector: add kafka.connect with url and connector");
    assertThat(
            problems(
                VALID
                        .replace("via: direct, ddl: stop", "via: connect, ddl: additive")
                        .replace("gates:", "transform: { orders: { drop: [x] } }\n        gates:")
                    + """
                    kafka:
                      bootstrap-servers: one:9092
                      connect: { url: "http://me:secret@connect:8083", connector: store }
                    """))
        .satisfiesExactlyInAnyOrder(
            problem -> assertThat(problem).contains("'ddl: additive' with 'via: connect'"),
            problem ->
                assertThat(problem)
                    .contains(
                        "transform: not supported yet with 'via: connect'; use direct or kafka"),
            problem ->
                assertThat(problem)
                    .contains("kafka.connect.url: url bears a login: write it as user and password")
                    .doesNotContain("secret"));
  }
}
