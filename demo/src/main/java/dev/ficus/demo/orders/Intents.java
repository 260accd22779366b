package dev.ficus.demo.orders;

import dev.ficus.demo.orders.Intent.State;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** The table of intents, inside the transactions that {@link Orders} declares. */
@Component
class Intents {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String SELECT =
      "select order_number, customer_id, attempt, state, lines::text from order_intents ";

  private final JdbcClient sql;

  Intents(JdbcClient sql) {
    this.sql = sql;
  }

  /** Adds one; false if the number has one. */
  boolean add(Intent intent) {
    return sql.sql(
                """
                insert into order_intents (order_number, customer_id, attempt, state, lines)
                values (?, ?, ?, ?, ?::jsonb) on conflict (order_number) do nothing
                """)
            .params(
                intent.number(),
                intent.customerId(),
                intent.attempt(),
                text(intent.state()),
                JSON.writeValueAsString(intent.lines()))
            .update()
        == 1;
  }

  Optional<Intent> locked(String number) {
    return sql.sql(SELECT + "where order_number = ? for update")
        .param(number)
        .query(Intents::intent)
        .optional();
  }

  /** Puts the next attempt in the place of a refused one. */
  void replace(Intent next) {
    sql.sql(
            """
            update order_intents set attempt = ?, state = ?, lines = ?::jsonb, touched_at = now()
            where order_number = ?
            """)
        .params(
            next.attempt(),
            text(next.state()),
            JSON.writeValueAsString(next.lines()),
            next.number())
        .update();
  }

  /** Moves it on; false if it is not in that state any more, or another attempt. */
  boolean move(Intent intent, State from, State to) {
    return sql.sql(
                """
                update order_intents set state = ?, touched_at = now()
                where order_number = ? and attempt = ? and state = ?
                """)
            .params(text(to), intent.number(), intent.attempt(), text(from))
            .update()
        == 1;
  }

  /** Removes it; false if it is not in that state any more, or another attempt. */
  boolean remove(Intent intent, State from) {
    return sql.sql("delete from order_intents where order_number = ? and attempt = ? and state = ?")
            .params(intent.number(), intent.attempt(), text(from))
            .update()
        == 1;
  }

  /** Those in a state since that long, the oldest first. */
  List<Intent> since(State state, Duration age, int limit) {
    return sql.sql(
            SELECT
                + """
                where state = ? and touched_at < now() - make_interval(secs => ?)
                order by touched_at limit ?
                """)
        .params(text(state), age.toMillis() / 1000.0, limit)
        .query(Intents::intent)
        .list();
  }

  private static Intent intent(ResultSet row, int index) throws SQLException {
    return new Intent(
        row.getString(1),
        row.getLong(2),
        row.getInt(3),
        State.valueOf(row.getString(4).toUpperCase(Locale.ROOT)),
        List.of(JSON.readValue(row.getString(5), Intent.Line[].class)));
  }

  private static String text(State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}
