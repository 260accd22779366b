package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Side;
import dev.ficus.postgres.Routes;
import java.util.ArrayList;
import java.util.List;

/** Tells the services what holds from now on, and waits until those that run have heard it. */
public final class RouteSteps {

  private RouteSteps() {}

  /** Both steps, in order. */
  static List<Step> publishAndAwait(Work work) {
    return List.of(publish(work), await(work));
  }

  public static Step publish(Work work) {
    GroupRow row = work.row();
    return showing(
        work,
        row,
        Step.of(
            "publish-route", "Publish the route in both databases", () -> publishNow(work, row)));
  }

  /** A step that publishes a route, with the statements of that. */
  public static Step showing(Work work, GroupRow row, Step publish) {
    Step shown = publish;
    for (Side side : Side.values()) {
      shown = shown.showing(work.side(side), () -> Routes.publishSql(row.route()));
    }
    return shown;
  }

  /** A side that is down does not keep the other one's readers from hearing. */
  public static void publishNow(Work work, GroupRow row) {
    Work inTime = work.answeringInTime();
    List<RuntimeException> failures = new ArrayList<>();
    for (Side side : Side.values()) {
      try {
        Routes.publish(inTime.side(side), row.route());
      } catch (RuntimeException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      RuntimeException first = failures.get(0);
      failures.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }

  public static Step await(Work work) {
    return Step.of(
            "await-acknowledgements",
            "Wait until every running instance obeys the route",
            () ->
                new Acknowledgements(work.serviceDatabase(), work.name())
                    .await(work.row().routeVersion(), work.settings().acknowledgePatience()))
        .waiting();
  }
}
