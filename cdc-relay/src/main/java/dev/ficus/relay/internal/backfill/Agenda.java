package dev.ficus.relay.internal.backfill;

import dev.ficus.core.TableName;
import dev.ficus.postgres.PostponedDefinitions.Definition;
import dev.ficus.postgres.PostponedDefinitions.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What the workers of a copy have yet to do. Indexes come before chunks: they are ready as soon as
 * their table's rows are all there, and the longest of them decides when the copy ends.
 */
final class Agenda {

  /** One transaction in the target. */
  sealed interface Task {

    /** The table that it works on. */
    TableName target();

    /** Copies a chunk. */
    record CopyChunk(Chunk chunk) implements Task {
      @Override
      public TableName target() {
        return chunk.table().target();
      }

      @Override
      public String toString() {
        return "copying " + chunk;
      }
    }

    /** Builds an index. */
    record BuildIndex(Definition definition) implements Task {
      @Override
      public TableName target() {
        return definition.table();
      }

      @Override
      public String toString() {
        return "building index " + definition.name() + " of " + definition.table();
      }
    }

    /** Makes constraints of a table's indexes, all built by now. */
    record Complete(TableName target, List<Definition> definitions) implements Task {
      @Override
      public String toString() {
        return "completing table " + target;
      }
    }
  }

  private final Deque<Task> chunks = new ArrayDeque<>();
  private final Deque<Task> ready = new ArrayDeque<>();
  private final Map<TableName, Integer> left = new HashMap<>();
  private final Map<TableName, List<Definition>> definitions = new HashMap<>();
  private final List<TableName> completed = new ArrayList<>();
  private int taken;
  private boolean cancelled;

  Agenda(List<Chunk> chunks, List<Definition> postponed) {
    for (Chunk chunk : chunks) {
      this.chunks.add(new Task.CopyChunk(chunk));
      left.merge(chunk.table().target(), 1, Integer::sum);
    }
    for (TableName table : left.keySet()) {
      definitions.put(
          table,
          postponed.stream()
              .filter(it -> it.table().equals(table) && it.kind() != Kind.FOREIGN_KEY)
              .toList());
    }
  }

  /** The next task; empty once all are done, or the copy was cancelled. */
  synchronized Optional<Task> take() throws InterruptedException {
    while (!cancelled) {
      Task task = ready.isEmpty() ? chunks.poll() : ready.poll();
      if (task != null) {
        taken++;
        return Optional.of(task);
      }
      if (taken == 0) {
        return Optional.empty();
      }
      wait();
    }
    return Optional.empty();
  }

  synchronized void done(Task task) {
    taken--;
    TableName table = task.target();
    if (task instanceof Task.Complete) {
      completed.add(table);
    } else if (left.merge(table, -1, Integer::sum) == 0) {
      List<Definition> ofTable = definitions.getOrDefault(table, List.of());
      if (task instanceof Task.CopyChunk && !ofTable.isEmpty()) {
        left.put(table, ofTable.size());
        ofTable.forEach(definition -> ready.add(new Task.BuildIndex(definition)));
      } else {
        ready.add(new Task.Complete(table, ofTable));
      }
    }
    notifyAll();
  }

  /** The tables that were completed since the last call. */
  synchronized List<TableName> takeCompleted() {
    List<TableName> all = List.copyOf(completed);
    completed.clear();
    return all;
  }

  /** Hands out no more tasks. */
  synchronized void cancel() {
    cancelled = true;
    notifyAll();
  }

  /** Waits a while; returns at once, with true, when the copy is cancelled. */
  synchronized boolean awaitCancelled(long millis) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!cancelled) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }
}
