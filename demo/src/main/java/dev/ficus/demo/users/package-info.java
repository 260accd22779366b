/** user-service: users and their profiles, through JPA. */
@NullMarked
package dev.ficus.demo.users;

import org.jspecify.annotations.NullMarked;
