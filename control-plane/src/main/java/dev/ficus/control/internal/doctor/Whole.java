package dev.ficus.control.internal.doctor;

import dev.ficus.core.manifest.Manifest;
import java.util.List;

/**
 * All databases of a manifest, each of which can be reached.
 *
 * @param manifest the manifest
 * @param places its databases
 */
record Whole(Manifest manifest, List<Place> places) {

  Whole {
    places = List.copyOf(places);
  }
}
