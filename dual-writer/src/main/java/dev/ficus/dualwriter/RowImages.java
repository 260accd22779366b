package dev.ficus.dualwriter;

import dev.ficus.core.TableName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The images of one table's touched rows.
 *
 * @param target the table in the service database
 * @param keys row keys as in {@code ficus.guard}, in ascending order of their bytes
 * @param images the text of each row in the target's row type; null for a row that is gone
 */
record RowImages(TableName target, List<String> keys, List<@Nullable String> images) {

  RowImages {
    keys = List.copyOf(keys);
    // Not List.copyOf: an image may be null.
    images = Collections.unmodifiableList(new ArrayList<>(images));
    if (keys.size() != images.size()) {
      throw new IllegalArgumentException(keys.size() + " keys but " + images.size() + " images");
    }
  }
}
