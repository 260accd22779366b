package dev.ficus.relay;

import static org.assertj.core.api.SoftAssertions.assertSoftly;

import dev.ficus.testkit.Rule;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Every carried type, at its edges, through the backfill and through the stream. */
@Rule("R7")
class TypesTest {

  record Type(String name, List<String> values) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Type> types() {
    return List.of(
        new Type("boolean", List.of("true", "false")),
        new Type("smallint", List.of("-32768", "32767", "0")),
        new Type("integer", List.of("-2147483648", "2147483647")),
        new Type("bigint", List.of("-9223372036854775808", "9223372036854775807")),
        new Type("real", List.of("'NaN'", "'-Infinity'", "1.1", "-0.0", "1e-45", "3.4028235e38")),
        new Type(
            "double precision",
            List.of(
                "'NaN'", "'Infinity'", "0.1", "-0.0", "5e-324", "1.7976931348623157e308", "1e22")),
        new Type(
            "numeric",
            List.of(
                "'NaN'",
                "'Infinity'",
                "'-Infinity'",
                "1.10",
                "1.1000",
                "-0.000",
                "1e100",
                "1e-100",
                "123456789012345678901234567890.123456789")),
        new Type("numeric(12,2)", List.of("-9999999999.99", "0.10", "'NaN'")),
        new Type(
            "text",
            List.of(
                "''",
                "'null'",
                "'unchanged'",
                "E'a\\tb\\nc\\\\'",
                "'éß漢😀'",
                "repeat('x', 100000)",
                "'\"{},'")),
        new Type("varchar(10)", List.of("'          '", "'abc'", "'漢字漢字漢字漢字漢字'")),
        new Type("char(5)", List.of("'a'", "'     '", "'abcde'")),
        new Type("bytea", List.of("''", "'\\x00ff00'", "decode(repeat('00ff', 50000), 'hex')")),
        new Type(
            "date",
            List.of(
                "'infinity'",
                "'-infinity'",
                "'4713-01-01 BC'",
                "'5874897-12-31'",
                "'2024-02-29'",
                "'0001-01-01'",
                "'0001-12-31 BC'")),
        new Type(
            "time", List.of("'00:00'", "'24:00:00'", "'23:59:59.999999'", "'00:00:00.000001'")),
        new Type("time(0)", List.of("'23:59:59'")),
        new Type(
            "timestamp",
            List.of(
                "'infinity'",
                "'-infinity'",
                "'4713-01-01 00:00:00 BC'",
                "'294246-12-31 23:59:59.999999'",
                "'2024-03-31 02:30:00.123456'",
                "'1883-11-18 12:03:58'",
                "'12024-01-01 00:00:00'")),
        new Type(
            "timestamp(3)",
            List.of("'2024-03-31 02:30:00.123'", "'1969-12-31 23:59:59.999'", "'infinity'")),
        new Type(
            "timestamptz",
            List.of(
                "'infinity'",
                "'-infinity'",
                "'4713-01-02 00:00:00+00 BC'",
                "'294276-12-31 23:59:59.999999+00'",
                "'2024-03-31 02:30:00.123456+02'",
                "'1883-11-18 12:03:58+00'",
                "'12024-01-01 00:00:00+00'",
                "'0001-01-01 00:00:00+00'")),
        new Type("timestamptz(0)", List.of("'2024-03-31 02:30:00+13:45'")),
        new Type(
            "uuid",
            List.of(
                "'00000000-0000-0000-0000-000000000000'",
                "'ffffffff-ffff-4fff-bfff-ffffffffffff'")),
        new Type(
            "json",
            List.of("'{\"b\": 1,  \"a\":1.0, \"b\":2}'", "'null'", "' [1, 2] '", "'\"\\u0041\"'")),
        new Type("jsonb", List.of("'{\"b\": 1.00, \"a\": null}'", "'null'", "'1e400'", "'[]'")),
        new Type("inet", List.of("'192.168.0.1/24'", "'::1'", "'10.0.0.1'")),
        new Type("cidr", List.of("'10.0.0.0/8'", "'2001:db8::/32'")),
        new Type("macaddr", List.of("'08:00:2b:01:02:03'")),
        new Type("macaddr8", List.of("'08:00:2b:01:02:03:04:05'")),
        new Type("int4range", List.of("'empty'", "'[1,5)'", "'(,)'")),
        new Type("int8range", List.of("'[1,9223372036854775806)'")),
        new Type("numrange", List.of("'(1.10,2.200]'", "'[NaN,NaN]'")),
        new Type("daterange", List.of("'[2024-01-01,infinity)'", "'(,2024-01-01)'")),
        new Type(
            "tsrange",
            List.of("'[\"0044-03-15 BC\",\"2024-01-01 00:00:00.123456\")'", "'[,infinity]'")),
        new Type(
            "tstzrange",
            List.of("'[\"2024-01-01 00:00:00+02\",\"2024-06-01 00:00:00+14\")'", "'empty'")),
        new Type("xml", List.of("'<a>é</a>'", "''")),
        new Type("public.mood", List.of("'sad, but fine'", "'Ok'", "''")));
  }

  @Test
  void shouldCarryEveryValueExactly() {
    List<Type> types = types();
    List<String> tables = IntStream.range(0, types.size()).mapToObj(i -> "t" + i).toList();
    StringBuilder ddl = new StringBuilder();
    StringBuilder before = new StringBuilder();
    StringBuilder after = new StringBuilder();
    for (int i = 0; i < types.size(); i++) {
      Type type = types.get(i);
      ddl.append(
          "create table public.t%1$d (id int primary key, v %2$s, w %2$s default %3$s);"
              .formatted(i, type.name(), type.values().get(0)));
      String insert =
          "insert into public.t%1$d select %%1$d + row_number() over (), v::%2$s, null from (values %3$s, (null)) as x(v);"
              .formatted(
                  i,
                  type.name(),
                  type.values().stream()
                      .map(v -> "(" + v.replace("%", "%%") + ")")
                      .collect(Collectors.joining(", ")));
      before.append(insert.formatted(0));
      after
          .append(insert.formatted(1000))
          .append(
              """
              insert into public.t%1$d (id, v) values (5000, null);
              update public.t%1$d set w = v where id < 500;
              update public.t%1$d set id = id + 2000 where id < 1000;
              """
                  .formatted(i));
    }
    try (TwoSides sides =
        new TwoSides(
            "create type public.mood as enum ('Ok', 'sad, but fine', '')", ddl.toString())) {
      sides.shared.execute(before.toString());
      sides.request(tables.toArray(String[]::new));
      sides.relay();
      sides.awaitStreaming();
      sides.shared.execute(after.toString());
      sides.awaitCaughtUp();

      assertSoftly(
          softly -> {
            for (int i = 0; i < types.size(); i++) {
              List<String> there = sides.rows(sides.service, tables.get(i));
              softly
                  .assertThat(there)
                  .as(types.get(i).name())
                  .isEqualTo(sides.rows(sides.shared, tables.get(i)))
                  .hasSize(2 * types.get(i).values().size() + 3);
            }
          });
    }
  }
}
