package dev.ficus.demo.inventory;

import dev.ficus.demo.web.Refusal;
import dev.ficus.spring.FicusRead;
import dev.ficus.spring.FicusWrite;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Products: list, find, reprice. */
@Service
public class Products {

  private final JdbcClient sql;

  Products(JdbcClient sql) {
    this.sql = sql;
  }

  @Transactional(readOnly = true)
  @FicusRead("inventory")
  List<Product> list(int category, long after, int limit) {
    return sql.sql(
            """
            select id, sku, seller_id, name, price, stock from products
            where category_id = ? and id > ? order by id limit ?
            """)
        .params(category, after, limit)
        .query(Product.class)
        .list();
  }

  @Transactional(readOnly = true)
  @FicusRead("inventory")
  Optional<Product> find(long id) {
    return sql.sql("select id, sku, seller_id, name, price, stock from products where id = ?")
        .param(id)
        .query(Product.class)
        .optional();
  }

  @Transactional
  @FicusWrite("inventory")
  void reprice(long id, BigDecimal price) {
    int rows = sql.sql("update products set price = ? where id = ?").params(price, id).update();
    if (rows == 0) {
      throw Refusal.notFound("product " + id);
    }
  }
}
