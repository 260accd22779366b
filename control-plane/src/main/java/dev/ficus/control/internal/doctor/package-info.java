/**
 * {@code ficus doctor}: one check per file; {@link dev.ficus.control.internal.doctor.Doctor} runs
 * them.
 */
@NullMarked
package dev.ficus.control.internal.doctor;

import org.jspecify.annotations.NullMarked;
