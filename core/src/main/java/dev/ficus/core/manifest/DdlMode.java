package dev.ficus.core.manifest;

/** What a group's streams do about DDL in their source. */
public enum DdlMode {
  /** Stand still before it, until a person has accepted it. */
  STOP,
  /** Give the target columns that are added, where that is exact; stand still before the rest. */
  ADDITIVE
}
