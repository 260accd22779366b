package dev.ficus.control.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DdlMode;
import dev.ficus.core.manifest.LooseForeignKey;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Transform;
import dev.ficus.testkit.Rule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a manifest says streams carry, and do about DDL and WAL. */
class StreamManifestTest extends ManifestTexts {

  StreamManifestTest(@TempDir Path folder) {
    super(folder);
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
