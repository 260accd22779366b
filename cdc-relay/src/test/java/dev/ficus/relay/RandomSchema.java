package dev.ficus.relay;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Tables of random shape, and random statements over them, whose values are few enough to collide
 * and odd enough to be lost on the way.
 */
final class RandomSchema {

  private static final String ENUM = "create type public.mood as enum ('so', 'la', 'la la')";
  private static final List<String> NAMES =
      List.of("plain", "Mixed Case", "naïve", "select", "with.dot");
  private static final int MOST_ROWS_AT_ONCE = 120;

  /** A type and its values, as SQL literals. */
  private record Kind(String type, Function<Random, String> value) {

    static Kind of(String type, String... literals) {
      return new Kind(type, random -> "'" + literals[random.nextInt(literals.length)] + "'");
    }
  }

  /** Types that make a key: many values, each row its own. */
  private static final List<Kind> KEYS =
      List.of(
          new Kind("int", random -> Integer.toString(random.nextInt(200) - 20)),
          new Kind("bigint", random -> Long.toString(9_000_000_000L + random.nextInt(200))),
          new Kind("text", random -> "'k" + random.nextInt(200) + "''\\'"),
          new Kind("date", random -> "date '2024-01-01' + " + random.nextInt(200)),
          new Kind("numeric", random -> random.nextInt(200) + ".5"));

  private static final List<Kind> VALUES =
      List.of(
          new Kind("int", random -> Integer.toString(random.nextInt())),
          Kind.of("numeric", "NaN", "1.10", "1.1", "-0.000000000000000000001", "1e130"),
          Kind.of("float8", "-0", "0", "NaN", "Infinity", "0.1", "5e-324"),
          Kind.of("text", "", " ", "a\tb\\n", "é\u0301", "\uD83D\uDC26", "it''s", "null"),
          // Past the size at which a row's values are moved out of it and not sent again.
          new Kind("text", random -> "repeat(md5('" + random.nextInt(9) + "'), 300)"),
          new Kind(
              "jsonb",
              random ->
                  "jsonb_build_object('n', " + random.nextInt(9) + ", 'x', repeat('y', 3000))"),
          Kind.of("bytea", "\\x00ff5c", "\\x"),
          Kind.of("boolean", "t", "f"),
          Kind.of("timestamptz", "infinity", "2024-02-29 23:59:59.999999+05:45", "0044-03-15 BC"),
          Kind.of("interval", "1 year -3 days 00:00:00.000001", "-1 mon"),
          Kind.of("uuid", "00000000-0000-0000-0000-000000000001"),
          Kind.of("int[]", "{1,NULL,3}", "{}", "[0:1]={5,6}"),
          Kind.of("text[]", "{\"a,b\",\"NULL\",NULL}", "{\"\"}"),
          Kind.of("numrange", "[1.0,2.00)", "empty", "(,)"),
          Kind.of("varchar(20)", "short", ""),
          Kind.of("public.mood", "so", "la", "la la"));

  /** How a table's rows are told apart in the WAL. */
  private enum Identity {
    PRIMARY_KEY,
    UNIQUE_INDEX,
    FULL
  }

  private record Column(String name, Kind kind) {
    String quoted() {
      return '"' + name + '"';
    }
  }

  private record Shape(
      String name,
      List<Column> key,
      List<Column> values,
      boolean unique,
      Identity identity,
      int partitions) {

    /** One of its partitions, by its number. */
    String partition(int number) {
      return "public.\"" + name + " " + number + '"';
    }

    String quoted() {
      return "public.\"" + name + '"';
    }

    String keyNames() {
      return key.stream().map(Column::quoted).collect(Collectors.joining(", "));
    }
  }

  private final List<Shape> tables;

  RandomSchema(Random random) {
    this.tables =
        IntStream.range(0, 2 + random.nextInt(3))
            .mapToObj(i -> shape(NAMES.get(i), random))
            .toList();
  }

  private static Shape shape(String name, Random random) {
    List<Column> key = columns("key ", KEYS, 1 + random.nextInt(2), random);
    List<Column> values = columns("v", VALUES, 1 + random.nextInt(6), random);
    Identity identity = Identity.values()[random.nextInt(Identity.values().length)];
    int partitions = random.nextBoolean() ? 0 : 1 + random.nextInt(3);
    // A unique index of a partitioned table has the columns that it is partitioned by.
    boolean unique = random.nextBoolean() && partitions == 0;
    return new Shape(name, key, values, unique, identity, partitions);
  }

  private static List<Column> columns(String prefix, List<Kind> kinds, int n, Random random) {
    return IntStream.range(0, n)
        .mapToObj(i -> new Column(prefix + i, kinds.get(random.nextInt(kinds.size()))))
        .toList();
  }

  List<String> names() {
    return tables.stream().map(Shape::name).toList();
  }

  String[] ddl() {
    List<String> ddl = new ArrayList<>(List.of(ENUM));
    for (Shape table : tables) {
      List<String> parts = new ArrayList<>();
      table.key().forEach(c -> parts.add(c.quoted() + " " + c.kind().type() + " not null"));
      table.values().forEach(c -> parts.add(c.quoted() + " " + c.kind().type()));
      parts.add("slot int" + (table.unique() ? " unique" : ""));
      if (table.identity() != Identity.FULL) {
        // PostgreSQL 18 refuses updates of a published table that has both.
        parts.add("twice int generated always as (slot * 2) stored");
      }
      if (table.identity() != Identity.UNIQUE_INDEX) {
        parts.add("primary key (" + table.keyNames() + ")");
      }
      ddl.add(
          "create table "
              + table.quoted()
              + " ("
              + String.join(", ", parts)
              + ")"
              + (table.partitions() == 0
                  ? ""
                  : " partition by hash (" + table.key().get(0).quoted() + ")"));
      for (int i = 0; i < table.partitions(); i++) {
        ddl.add(
            "create table %s partition of %s for values with (modulus %d, remainder %d)"
                .formatted(table.partition(i), table.quoted(), table.partitions(), i));
      }
      if (table.identity() == Identity.UNIQUE_INDEX) {
        String index = '"' + table.name() + " index\"";
        ddl.add(
            "create unique index "
                + index
                + " on "
                + table.quoted()
                + "("
                + table.keyNames()
                + ")");
        ddl.add("alter table " + table.quoted() + " replica identity using index " + index);
        for (int i = 0; i < table.partitions(); i++) {
          ddl.add(
              """
              do $$ begin execute (select format('alter table %%s replica identity using index %%I', indrelid::regclass, c.relname)
                from pg_index join pg_class c on c.oid = indexrelid where indrelid = '%s'::regclass and indisunique); end $$
              """
                  .formatted(table.partition(i)));
        }
      } else if (table.identity() == Identity.FULL) {
        ddl.add("alter table " + table.quoted() + " replica identity full");
        for (int i = 0; i < table.partitions(); i++) {
          ddl.add("alter table " + table.partition(i) + " replica identity full");
        }
      }
    }
    return ddl.toArray(String[]::new);
  }

  /** A statement over one of the tables; it may meet a unique conflict. */
  String statement(Random random) {
    Shape table = tables.get(random.nextInt(tables.size()));
    int what = random.nextInt(100);
    if (what < 35) {
      return insert(table, 1 + random.nextInt(4), random);
    } else if (what < 40) {
      return insert(table, MOST_ROWS_AT_ONCE, random);
    } else if (what < 65) {
      Column column = table.values().get(random.nextInt(table.values().size()));
      return update(table, column.quoted() + " = " + value(column, random), random);
    } else if (what < 75) {
      return update(table, "slot = " + random.nextInt(300), random);
    } else if (what < 85) {
      Column column = table.key().get(random.nextInt(table.key().size()));
      return update(table, column.quoted() + " = " + column.kind().value().apply(random), random);
    } else if (what < 99) {
      return "delete from " + table.quoted() + " where " + some(table, random);
    } else {
      return "truncate " + table.quoted();
    }
  }

  private static String insert(Shape table, int rows, Random random) {
    List<Column> all = new ArrayList<>(table.key());
    all.addAll(table.values());
    String names = all.stream().map(Column::quoted).collect(Collectors.joining(", "));
    return IntStream.range(0, rows)
        .mapToObj(
            i ->
                "("
                    + table.key().stream()
                        .map(column -> column.kind().value().apply(random))
                        .collect(Collectors.joining(", "))
                    + ", "
                    + table.values().stream()
                        .map(column -> value(column, random))
                        .collect(Collectors.joining(", "))
                    + ", "
                    + (random.nextBoolean() ? "null" : random.nextInt(300))
                    + ")")
        .collect(
            Collectors.joining(
                ", ",
                "insert into " + table.quoted() + " (" + names + ", slot) values ",
                " on conflict do nothing"));
  }

  private static String update(Shape table, String assignment, Random random) {
    return "update " + table.quoted() + " set " + assignment + " where " + some(table, random);
  }

  /** One row, if it is there, or a share of all. */
  private static String some(Shape table, Random random) {
    if (random.nextInt(4) == 0) {
      return "hashtext(slot::text) % 23 = " + random.nextInt(23);
    }
    Column column = table.key().get(0);
    return column.quoted() + " = " + column.kind().value().apply(random);
  }

  private static String value(Column column, Random random) {
    return random.nextInt(8) == 0 ? "null" : column.kind().value().apply(random);
  }
}
