package dev.ficus.demo.orders;

/**
 * A product with what other services know of it.
 *
 * @param productId the product
 * @param product its name
 * @param seller its seller's name
 * @param orders how many orders hold it
 */
record ListedProduct(long productId, String product, String seller, long orders) {}
