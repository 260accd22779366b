package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.control.cli.FicusCli;
import dev.ficus.core.Phase;
import dev.ficus.testkit.Rule;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CommandLineTest {

  /** An address where no server is. */
  private static final String NOBODY = "jdbc:postgresql://localhost:1/orders";

  private final Path folder;

  CommandLineTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private record Ran(int exitCode, String out, String err) {

    JsonNode json() {
      return JsonMapper.builder().build().readTree(out);
    }
  }

  private Ran run(String... arguments) {
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    if (!all.isEmpty()) {
      all.addAll(List.of("--manifest", folder.resolve("ficus.yaml").toString(), "--actor", "ann"));
    }
    return raw(all.toArray(String[]::new));
  }

  private static Ran raw(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    try (PrintStream newOut = new PrintStream(outBytes, true, StandardCharsets.UTF_8);
        PrintStream newErr = new PrintStream(errBytes, true, StandardCharsets.UTF_8)) {
      System.setOut(newOut);
      System.setErr(newErr);
      int exitCode = FicusCli.run(arguments);
      return new Ran(
          exitCode,
          outBytes.toString(StandardCharsets.UTF_8),
          errBytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  @Test
  void shouldSayWhatIsWrongWithACallWithoutAStackTrace() throws IOException {
    assertThat(raw("--version").out()).startsWith("ficus 0.");
    assertThat(raw("help").exitCode()).isZero();
    Ran missing = raw("advance");
    assertThat(missing.exitCode()).isEqualTo(64);
    assertThat(missing.err()).contains("Missing required parameter: 'GROUP'");
    Ran unknown = raw("advnce");
    assertThat(unknown.exitCode()).isEqualTo(64);
    assertThat(unknown.err()).contains("advance");
    Ran noManifest = raw("status", "--manifest", folder.resolve("none.yaml").toString());
    assertThat(noManifest.exitCode()).isEqualTo(64);
    assertThat(noManifest.err())
        .contains("none.yaml:1: the file cannot be read")
        .doesNotContain("\tat ");
    Ran aFolder = raw("status", "--manifest", folder.toString(), "--json");
    assertThat(aFolder.exitCode()).isEqualTo(64);
    assertThat(aFolder.json().get("error").asString())
        .contains("the file cannot be read (it is a folder)")
        .doesNotContain("next:");
    Path binary = Files.write(folder.resolve("binary.yaml"), new byte[] {(byte) 0xff, 0, 1});
    Ran unreadable = raw("status", "--manifest", binary.toString());
    assertThat(unreadable.exitCode()).isEqualTo(64);
    assertThat(unreadable.err()).contains("binary.yaml:1: the file is not a text in UTF-8");
    Ran usage = raw("advance", "--json");
    assertThat(usage.exitCode()).isEqualTo(64);
    assertThat(usage.json().get("error").asString()).contains("Missing required parameter");
    assertThat(usage.json().get("next").asString()).isEqualTo("ficus advance --help");
  }

  @Test
  @Rule({"R18", "R21"})
  void shouldTakeAGroupThroughItsPhasesWithTheExitCodesOfTheDocs() {
    try (Store store = new Store(folder)) {
      Ran plan = run("plan", "users");
      assertThat(plan.exitCode()).isZero();
      assertThat(plan.out())
          .contains("group users: SHARED -> PROVISIONED (a dry run; nothing is executed)")
          .containsIgnoringCase("create table")
          .contains("create or replace trigger ficus_fence");
      assertThat(store.users.queryOne("select to_regclass('ficus.fence')")).isEqualTo("null");
      assertThat(run("status").out()).contains("users   SHARED");
      assertThat(run("journal", "users").out())
          .isEqualToIgnoringNewLines("no command has been given for group users");
      assertThat(store.shared.queryOne("select to_regnamespace('ficus_control')"))
          .isEqualTo("null");

      assertThat(run("advance", "nobody").exitCode()).isEqualTo(64);
      Ran advanced = run("advance", "users", "--from", "SHARED");
      assertThat(advanced.exitCode()).isZero();
      assertThat(advanced.out()).contains("group users: SHARED -> PROVISIONED");
      Ran second = run("advance", "users", "--from", "shared");
      assertThat(second.exitCode()).isEqualTo(64);
      assertThat(second.err())
          .contains(
              "group users is in PROVISIONED, not in SHARED as --from says; nothing was done");
      assertThat(run("rollback", "users", "--from", "COPYING").exitCode()).isEqualTo(64);
      assertThat(advanced.err()).contains("Write migration ").doesNotContain("failed");
      assertThat(
              store.shared.queryOne(
                  "select actor from ficus_control.journal order by id desc limit 1"))
          .isEqualTo("ann");

      store.bring(Store.USERS, Phase.FOLLOWING);
      Ran reconciled = run("reconcile", "users");
      assertThat(reconciled.exitCode()).isZero();
      assertThat(reconciled.out()).contains("group users: CLEAN, 50 rows compared");
      store.users.execute(
          "set session_replication_role = replica; update users set name = 'wrong' where id = 7");
      Ran mismatch = run("reconcile", "users", "--json");
      assertThat(mismatch.exitCode()).isEqualTo(4);
      assertThat(mismatch.json().get("findings").get(0).get("kind").asString())
          .isEqualTo("DIFFERENT");
      store.users.execute(
          "set session_replication_role = replica; update users set name = 'user 7' where id = 7");

      store.stopRelay();
      store.shared.execute("insert into users (name) values ('not streamed')");
      Ran refused = run("advance", "users");
      assertThat(refused.exitCode()).isEqualTo(2);
      assertThat(refused.err())
          .contains("group users stays in FOLLOWING")
          .contains("max-lag: ")
          .contains("must be at most 10000 ms")
          .contains("next: do what each gate asks for, or pass it with --override")
          .doesNotContain("then try again; must be");
      assertThat(run("advance", "users", "--override", "max-lag").exitCode()).isEqualTo(64);
      assertThat(run("advance", "users", "--override", "none", "--by", "a", "--reason", "b").err())
          .contains("there is no gate 'none' before DUAL_WRITING");

      store.shared.execute(
          "insert into ficus_control.journal (group_name, actor, command, from_phase, to_phase,"
              + " outcome, detail) values ('users', 'eve', 'advance', 'FOLLOWING', 'DUAL_WRITING',"
              + " 'BEGUN', '{\"overrides\": [{\"gate\": \"max-lag\", \"by\": \"eve\", \"reason\":"
              + " \"a test\"}]}')");
      Ran journal = run("journal", "users");
      assertThat(journal.exitCode()).isZero();
      assertThat(journal.out())
          .containsPattern("ann +advance +SHARED -> PROVISIONED +DONE")
          .containsPattern(
              "ann +advance +FOLLOWING -> DUAL_WRITING +REFUSED\n"
                  + "    group users stays in FOLLOWING")
          .containsPattern(
              "eve +advance +FOLLOWING -> DUAL_WRITING +BEGUN\n"
                  + "    override max-lag by eve: a test$")
          .doesNotContainPattern("ann +advance +SHARED -> PROVISIONED +BEGUN");
      JsonNode newest = run("journal", "users", "--limit", "1", "--json").json().get("entries");
      assertThat(newest).hasSize(1);
      assertThat(newest.get(0).get("actor").asString()).isEqualTo("eve");
      assertThat(run("journal", "users", "--limit", "0").exitCode()).isEqualTo(64);

      Ran status = run("status", "--json");
      JsonNode users = status.json().get("groups").get(0);
      assertThat(users.get("phase").asString()).isEqualTo("FOLLOWING");
      assertThat(users.get("unmet").get(0).get("gate").asString()).isEqualTo("max-lag");
      assertThat(run("status").out())
          .contains("GROUP", "users   FOLLOWING", "OPEN / CLOSED", "users.forward STREAMING");
      assertThat(run("reads", "users", "10").exitCode()).isEqualTo(64);

      store.users.execute(
          "update ficus.stream set position_at = clock_timestamp() - interval '3 minutes'");
      assertThat(run("status").out())
          .contains("users.forward STREAMING, stands still for 3:0")
          .contains("stream users.forward has not moved for 3:0");

      store.users.execute(
          "insert into ficus.table_copy (stream, source_schema, source_table) values"
              + " ('users.forward', 'public', 'users')");
      assertThat(run("status").out())
          .contains("users.forward STREAMING, copies 1 of 1 tables first");
      assertThat(run("streams").out()).contains("users.forward\n  copies 1 of 1 tables first");
    }
  }

  @Test
  @Rule("R18")
  void shouldSayOfGatesWhatHoldsNow() throws IOException {
    try (Store store = new Store(folder)) {
      store.shared.execute("create view names as select name from users");
      Path manifest = folder.resolve("ficus.yaml");
      Files.writeString(
          manifest,
          Files.readString(manifest)
              .replace("clean-reconciliations: 0, sh", "clean-reconciliations: 1, sh"));
      assertThat(run("advance", "users", "--override", "nope", "--by", "a", "--reason", "b").err())
          .contains("there is no gate 'nope' before PROVISIONED; the gates there are [preflight]");
      store.bring(Store.USERS, Phase.READS_SHADOWED);
      assertThat(run("status").out())
          .contains("gate clean-reconciliations: 0 clean in a row; must be at least 1")
          .doesNotContain("shadow-samples");
      assertThat(run("reconcile", "users").exitCode()).isZero();
      assertThat(run("status").out()).doesNotContain("clean-reconciliations");

      store.bring(Store.USERS, Phase.RETIRED);
      Ran undecided = run("drop", "users", "--confirm", "users");
      assertThat(undecided.exitCode()).isEqualTo(2);
      assertThat(undecided.err())
          .contains("dependents: view public.names undecided")
          .contains("next: do what the gate asks for; it cannot be overridden")
          .doesNotContain("--override");
      assertThat(run("plan", "users").out())
          .contains("shut  confirmed              no table confirmed; must be all of public.users");
      assertThat(run("drop", "users", "--dependent", "public.names=drop").err())
          .contains("  confirmed: no table confirmed")
          .doesNotContain("  dependents: ");
      assertThat(run("plan", "users").out()).contains("shut  dependents ");
      assertThat(
              run("drop", "users", "--dependent", "public.names=drop", "--confirm", "users")
                  .exitCode())
          .isZero();
    }
  }

  @Test
  void shouldSayLoudlyThatUsersAreRefused() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.PROVISIONED);
      assertThat(run("status").out()).doesNotContain("!!");
      store.shared.execute("update ficus.fence set state = 'closed' where group_name = 'users'");
      assertThat(run("status").out())
          .contains(
              "!! writes are refused: the group is written in shared, and its fence there is"
                  + " CLOSED");

      store.shared.execute(
          "insert into ficus_control.flip (group_name, from_phase, to_phase, to_side, epoch) values"
              + " ('users', 'READS_MOVED', 'WRITES_MOVED', 'SERVICE', 2)");
      assertThat(run("status").out())
          .contains("!! writes may be refused: a flip begun at ")
          .contains("a running relay ends it within seconds, or run: ficus advance users");
      assertThat(run("status", "--json").json().get("groups").get(0).get("refused").asString())
          .startsWith("writes may be refused: ");
    }
  }

  @Test
  void shouldShowWhereGroupsStandWhileADatabaseIsDown() throws IOException {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.FOLLOWING);
      Path manifest = folder.resolve("ficus.yaml");
      String down = Files.readString(manifest).replace(store.orders.address().url(), NOBODY);
      Files.writeString(manifest, down);

      Ran status = run("status");
      assertThat(status.exitCode()).isEqualTo(3);
      assertThat(status.out())
          .contains("users   FOLLOWING", "OPEN / CLOSED", "users.forward STREAMING")
          .contains("unreachable: connecting to orders (" + NOBODY + ")");
      Files.writeString(
          manifest,
          Files.readString(manifest)
              + "control-store: { url: \""
              + NOBODY
              + "\", user: a, password: \"${file:users.secret}\" }\n");
      assertThat(run("advance", "users").err())
          .startsWith(
              "ficus: opening the control store in control-store ("
                  + NOBODY
                  + ") failed: Connection to localhost:1 refused")
          .doesNotContain("---");
      Files.writeString(manifest, down);
      JsonNode json = run("status", "users", "--json").json();
      assertThat(json.get("groups").get(0).get("unreachable").get("orders").asString())
          .startsWith("connecting to orders");
    }
  }
}
