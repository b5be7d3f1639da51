package falcon.cli.output;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.page.Curve;
import falcon.prune.page.CurvePoint;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.DropEstimate;
import falcon.prune.report.DropLimit;
import falcon.prune.report.Summary;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Curves, and plans of sweeps, as text for a terminal.
public final class CurveText {
  private static final String NONE = "–";

  private CurveText() {}

  /// Returns the points of a curve as a table, one line each, with the knee marked.
  public static String of(Curve curve) {
    String measure = curve.measure() == null ? "quality" : curve.measure();
    var table =
        new Table(
            "run",
            ">MACs",
            ">weights",
            ">bytes",
            ">" + measure,
            ">95 % interval",
            ">test",
            ">magnitude",
            "");
    CurvePoint knee = curve.knee();
    for (CurvePoint point : curve.points()) {
      CurvePoint.Quality quality = point.quality();
      table.row(
          point.name(),
          point.cost().macs() == null ? NONE : percent(point.cost().macs().percent()),
          percent(point.cost().weights().percent()),
          point.cost().bytes() == null ? NONE : "%,d".formatted(point.cost().bytes()),
          percent(quality),
          quality == null || quality.interval() == null
              ? NONE
              : "%.2f to %.2f %%".formatted(quality.interval().low(), quality.interval().high()),
          percent(point.judged().test()),
          percent(point.judged().magnitude()),
          point.equals(knee) ? "knee" : "");
    }
    CurvePoint.Quality first =
        curve.points().isEmpty() ? null : curve.points().getFirst().quality();
    String dense =
        first == null || first.dense() == null
            ? ""
            : "%ndense: %s".formatted(percent(first.dense()));
    return table + dense;
  }

  private static String percent(CurvePoint.@Nullable Quality quality) {
    return quality == null ? NONE : percent(quality.value());
  }

  private static String percent(double value) {
    return "%.2f %%".formatted(value);
  }

  /// Returns a line on the budget that a greatest drop was met with, and a line end.
  public static String of(DropLimit limit) {
    DropLimit.Trial found = limit.smallest();
    DropEstimate drop = found == null ? null : found.drop();
    return found == null || drop == null
        ? ""
        : "at most %s points lost: %s loses %.2f, with 95 %% confidence %.2f to %.2f, on %,d held-out samples%n"
            .formatted(
                limit.mostText(),
                found.share(),
                drop.points(),
                drop.low(),
                drop.high(),
                drop.samples());
  }

  /// Returns the budgets of a sweep as planned.
  public static String of(List<PruningPlan> plans) {
    var table = new Table(">MACs asked", ">at most", ">weights at most", ">steps", ">seconds");
    double seconds = 0;
    for (PruningPlan plan : plans) {
      seconds += plan.seconds();
      table.row(
          plan.asked().macs(),
          plan.isCounted() ? "%,d".formatted(plan.budget().maxMacs()) : NONE,
          "%,d".formatted(plan.budget().maxNnz()),
          plan.steps(),
          "%.0f".formatted(plan.seconds()));
    }
    return "%s%n%d points, about %s on this machine, less what they share; nothing was computed or written"
        .formatted(table, plans.size(), Summary.time(seconds));
  }

  /// Returns the same as JSON.
  public static ObjectNode json(List<PruningPlan> plans) {
    ObjectNode json = JsonText.document();
    ArrayNode points = json.putArray("points");
    for (PruningPlan plan : plans) {
      points
          .addObject()
          .put("request", plan.asked().macs().toString())
          .put("macs", plan.isCounted() ? plan.budget().maxMacs() : null)
          .put("nnz", plan.budget().maxNnz())
          .put("steps", plan.steps())
          .put("memoryBytes", plan.memoryBytes())
          .put("seconds", plan.seconds());
    }
    return json;
  }
}
