package dev.ficus.demo.web;

import java.io.IOException;
import java.io.InputStream;

/**
 * Ends this process when the process that started it is gone, however that ended: the pipe on
 * standard input then reads as ended.
 */
public final class ParentWatch {

  private ParentWatch() {}

  /** Starts watching; returns at once. */
  public static void start() {
    Thread watch = new Thread(ParentWatch::awaitEnd, "parent-watch");
    watch.setDaemon(true);
    watch.start();
  }

  private static void awaitEnd() {
    InputStream parent = System.in;
    try {
      int read = 0;
      // The parent sends nothing: only the end counts.
      while (read >= 0) {
        read = parent.read();
      }
    } catch (IOException broken) {
      System.err.println("standard input broke, so the parent is gone: " + broken.getMessage());
    }
    Runtime.getRuntime().halt(0);
  }
}
