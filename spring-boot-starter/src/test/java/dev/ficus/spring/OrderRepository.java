package dev.ficus.spring;

import org.springframework.data.jpa.repository.JpaRepository;

/** Spring Data's part of the JPA tests. */
interface OrderRepository extends JpaRepository<OrderEntity, Long> {}
