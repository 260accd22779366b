package dev.ficus.demo.traffic;

import java.net.URI;

/**
 * Where the store's services listen.
 *
 * @param users user-service
 * @param inventory inventory-service
 * @param orders order-service
 */
public record StoreAddress(URI users, URI inventory, URI orders) {}
