package dev.ficus.demo.orders;

import dev.ficus.spring.FicusRead;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * The product listing.
 *
 * <p>View {@code product_listing} exists on both sides: in the shared database it joins the other
 * services' tables, in the order database the reference copies of them.
 */
@Service
class Listing {

  private final JdbcClient sql;

  Listing(JdbcClient sql) {
    this.sql = sql;
  }

  /** The reference copies may trail the shared tables by moments, so the sides are not compared. */
  @Transactional(readOnly = true)
  @FicusRead(value = "orders", shadow = false)
  List<ListedProduct> page(long after, int limit) {
    return sql.sql(
            """
            select product_id, product, seller, orders from product_listing
            where product_id > ? order by product_id limit ?
            """)
        .params(after, limit)
        .query(ListedProduct.class)
        .list();
  }
}
