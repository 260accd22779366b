package dev.ficus.core;

import java.util.concurrent.ThreadFactory;

/** Makes threads that keep no process alive. */
public final class DaemonThreads {

  private DaemonThreads() {}

  /** Such threads, all of one name. */
  public static ThreadFactory named(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
