package dev.ficus.control.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.core.manifest.DdlMode;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.core.manifest.LooseForeignKey;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Secret;
import dev.ficus.core.manifest.Transform;
import dev.ficus.testkit.Rule;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a manifest says of streams: how they travel, and what they carry. */
class StreamManifestTest extends ManifestTexts {

  StreamManifestTest(@TempDir Path folder) {
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

  @Test
  void shouldReadWhatStreamsDoAboutDdl() throws IOException {
    String ddl = "stream: { via: direct, ddl: stop, wal-budget: { warn: 512MB, drop: 2GB } }";
    assertThat(read(VALID).group(new GroupName("orders")).orElseThrow().ddl())
        .isEqualTo(DdlMode.STOP);
    assertThat(
            read(VALID.replace(ddl, "stream: { ddl: additive }"))
                .group(new GroupName("orders"))
                .orElseThrow()
                .ddl())
        .isEqualTo(DdlMode.ADDITIVE);
    assertThat(
            read(VALID.replace(ddl, "stream: { via: kafka, ddl: additive }")
                    + "kafka: { bootstrap-servers: b:9092 }\n")
                .group(new GroupName("orders"))
                .orElseThrow()
                .ddl())
        .isEqualTo(DdlMode.ADDITIVE);
    assertThat(problems(VALID.replace(ddl, "stream: { ddl: all }")))
        .singleElement()
        .asString()
        .contains("stream.ddl: 'all' is neither 'stop' nor 'additive'");
  }

  @Test
  void shouldReadTransforms() throws IOException {
    Manifest manifest =
        read(
            VALID.replace(
                "gates: {",
                """
                transform:
                          orders:
                            rename: { usr: customer_id }
                            drop: [legacy_flag]
                            cast: { price: "numeric(12,2)" }
                            constant: { region: { type: text, value: eu } }
                            expression: { cents: { type: bigint, sql: price * 100 } }
                            filter: status <> 'void'
                            back: { legacy_flag: "false" }
                        gates: {"""));

    assertThat(manifest.group(new GroupName("orders")).orElseThrow().transforms())
        .isEqualTo(
            Map.of(
                new TableName("public", "orders"),
                new Transform(
                    Map.of("usr", "customer_id"),
                    List.of("legacy_flag"),
                    Map.of("price", "numeric(12,2)"),
                    Map.of("region", new Transform.Constant("text", "eu")),
                    Map.of("cents", new Transform.Expression("bigint", "price * 100")),
                    Optional.of("status <> 'void'"),
                    Map.of("legacy_flag", "false"))));
  }

  @Test
  @Rule("R21")
  void shouldNameLineAndPathOfEveryErrorInATransform() {
    assertThat(
            problems(
                VALID.replace(
                    "gates: {",
                    """
                    transform:
                              users: { drop: [a] }
                              "a.b.c": { drop: [a] }
                              orders: { renames: { a: b }, drop: [x, x], constant: { c: { type: text } }, filter: }
                              sales.order_items: { drop: [a], rename: { a: b } }
                            gates: {""")))
        .satisfiesExactlyInAnyOrder(
            problem ->
                assertThat(problem)
                    .contains("17")
                    .contains(
                        "services.orders.groups.orders.transform.users: table public.users is not one of this group's tables"),
            problem ->
                assertThat(problem)
                    .contains("18")
                    .contains("transform.a.b.c: table a.b.c is not one of this group's tables"),
            problem ->
                assertThat(problem)
                    .contains("19")
                    .contains("unknown key 'renames'; did you mean 'rename'?"),
            problem ->
                assertThat(problem).contains("transform.orders.drop[1]: column x is listed twice"),
            problem ->
                assertThat(problem).contains("transform.orders.constant.c: key 'value' is missing"),
            problem ->
                assertThat(problem).contains("transform.orders.filter: a value is missing here"),
            problem ->
                assertThat(problem)
                    .contains("20")
                    .contains(
                        "transform.sales.order_items: column a is dropped, so it can be neither renamed nor cast"));
    assertThat(
            problems(
                VALID.replace(
                    "users: { tables: [users, profiles] }",
                    "users: { tables: [users, profiles], transform: { users: { rename: { name: full_name } } } }")))
        .singleElement()
        .asString()
        .contains(
            "references[0]: not supported yet: group users renames, drops or casts [name] of table public.users");
  }

  @Test
  @Rule("R21")
  void shouldRefuseWalBudgetsThatCannotBe() {
    String budget = "stream: { via: direct, ddl: stop, wal-budget: { warn: 512MB, drop: 2GB } }";
    assertThat(
            problems(VALID.replace(budget, "stream: { wal-budget: { warn: lots, limit: 1GB } }")))
        .satisfiesExactlyInAnyOrder(
            problem ->
                assertThat(problem)
                    .contains(
                        "services.orders.groups.orders.stream.wal-budget.warn: 'lots' is not a size"),
            problem -> assertThat(problem).contains("unknown key 'limit'"));
    assertThat(problems(VALID.replace(budget, "stream: { wal-budget: { warn: 3GB, drop: 2GB } }")))
        .singleElement()
        .asString()
        .contains("stream.wal-budget: a WAL budget rises from warn over throttle to drop");
  }

  private static String withRule(String rule) {
    return VALID.replace(
        "stream: { via: direct, ddl: stop, wal-budget: { warn: 512MB, drop: 2GB } }",
        "loose-foreign-keys: [ " + rule + " ]");
  }

  @Test
  void shouldReadLooseForeignKeysOfOneColumnAndOfSeveral() throws IOException {
    List<LooseForeignKey> keys =
        read(withRule(
                    "{ from: orders.user_id, to: users.id, on-delete: nullify }, { from: \"sales.order_items(tenant, user)\", to: \"users(tenant, id)\", on-delete: restrict-report }, { from: orders.shop, to: shops.id, on-delete: ignore }")
                .replace("columns: [id, name]", "columns: [id, tenant]"))
            .group(new GroupName("orders"))
            .orElseThrow()
            .looseForeignKeys();

    assertThat(keys)
        .extracting(key -> key + " " + key.onDelete().word())
        .containsExactly(
            "public.orders(user_id) -> public.users(id) nullify",
            "sales.order_items(tenant, user) -> public.users(tenant, id) restrict-report",
            "public.orders(shop) -> public.shops(id) ignore");
  }

  @Test
  @Rule("R21")
  void shouldRefuseLooseForeignKeysThatNoStreamCouldCarry() {
    assertThat(problems(withRule("{ from: orders.user_id, to: users.id, on-delete: forget }")))
        .containsExactly(
            "14: services.orders.groups.orders.loose-foreign-keys[0].on-delete: 'forget' is not an action; known: cascade, nullify, restrict-report, ignore");
    assertThat(
            problems(
                withRule("{ from: orders.user_id, to: users.id, on-delete: cascade }")
                    .replace(
                        "gates: {",
                        "transform: { orders: { rename: { user_id: customer } } }\n        gates: {")))
        .singleElement()
        .asString()
        .contains("the group's transform renames, drops or casts [user_id] of table public.orders");
    assertThat(problems(withRule("{ from: user_id, to: users.id, on-delete: cascade }")))
        .containsExactly(
            "14: services.orders.groups.orders.loose-foreign-keys[0].from: 'user_id' is not a column: write table.column or table(column, column)");
    assertThat(problems(withRule("{ from: users.id, to: users.id, on-delete: cascade }")))
        .singleElement()
        .asString()
        .contains("table public.users is not of group orders");
    assertThat(problems(withRule("{ from: orders.shop, to: shops.id, on-delete: cascade }")))
        .singleElement()
        .asString()
        .contains("table public.shops belongs to no group");
    assertThat(
            problems(
                withRule("{ from: orders.item, to: sales.order_items.id, on-delete: cascade }")))
        .singleElement()
        .asString()
        .contains("an ordinary foreign key serves them there");
    assertThat(problems(withRule("{ from: orders.user_id, to: users.code, on-delete: cascade }")))
        .singleElement()
        .asString()
        .contains("add { table: public.users, columns: [code] } to the references of group orders");
    assertThat(
            problems(
                withRule(
                    "{ from: orders.user_id, to: users.id, on-delete: cascade }, { from: orders.user_id, to: users.id, on-delete: ignore }")))
        .singleElement()
        .asString()
        .contains("public.orders(user_id) has a rule already");
  }

  @Test
  void shouldRefuseReferencesThatNoStreamCouldFeed() {
    assertThat(problems(VALID.replace("table: users", "table: orders")))
        .singleElement()
        .asString()
        .contains("references[0]: table public.orders is this group's own");
    assertThat(problems(VALID.replace("table: users", "table: elsewhere")))
        .singleElement()
        .asString()
        .contains("belongs to no group of this manifest");
  }
}
