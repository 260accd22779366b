package dev.ficus.spring;

/** Where a connection goes that is asked for outside a declared transaction. */
public enum Undeclared {
  /**
   * To the shared database, as before Ficus came. Right for tables that stay there. Reads of a
   * group that has moved are a little behind, and no longer kept up once the group is sealed;
   * writes of it are refused by its fence.
   */
  SHARED,
  /** To the service database. */
  SERVICE,
  /**
   * To the side that accepts the groups' writes; refused while the service's groups differ in that.
   */
  WRITE_SIDE,
  /** Nowhere: it is an error. */
  REFUSE
}
