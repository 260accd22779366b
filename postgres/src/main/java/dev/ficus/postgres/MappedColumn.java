package dev.ficus.postgres;

/** A column of a stream's target, and what it is made of. */
public sealed interface MappedColumn {

  /** Its name in the target. */
  String name();

  /** SQL over the bare names of the source's columns that yields its value. */
  String sql();

  /**
   * The value of a source column as it is.
   *
   * @param source the source column's name
   */
  record Carried(String name, String source) implements MappedColumn {
    @Override
    public String sql() {
      return Quoted.name(source).sql();
    }
  }

  /**
   * A value computed from the source row by what PostgreSQL calls immutable.
   *
   * @param type the target column's type with modifiers, as the catalog writes it
   */
  record Made(String name, String type, String sql) implements MappedColumn {}
}
