package dev.ficus.demo.users;

import org.jspecify.annotations.Nullable;

/**
 * A user as callers see it.
 *
 * @param id the generated key
 * @param email unique
 * @param name the name shown to others
 * @param bio the profile's text, if any
 */
record UserView(long id, String email, String name, @Nullable String bio) {}
