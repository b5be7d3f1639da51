package falcon.prune.report;

import com.fasterxml.jackson.databind.JsonNode;
import falcon.prune.options.Measure;
import falcon.prune.plan.PruningPlan;
import falcon.prune.resources.PeakMemory;
import falcon.prune.storage.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reports and plans as text of a few lines, for people.
public final class Summary {
  private static final double MEBIBYTE = 1 << 20;

  private Summary() {}

  /// What a run did: budgets, accuracies, certificate, time.
  public static String of(Report report) {
    var lines = new ArrayList<String>();
    lines.add("%-12s %14s %14s %14s %9s".formatted("budget", "asked", "used", "of", "kept"));
    lines.add(budget("MACs", report.macs()));
    lines.add(budget("weights", report.nnz()));
    if (report.validation() == null || report.measure() == null) {
      lines.add("accuracy: not told, there was no data");
    } else {
      addAccuracies(lines, report.measure(), report.validation(), report.test());
      if (report.heldOut() != null) {
        lines.add(interval(report.heldOut()));
      }
    }
    lines.add("");
    lines.add(
        "certificate: no choice within the budget keeps more than %.4g %% beyond this one's saliency"
            .formatted(100 * report.certificate().relativeGap()));
    lines.add(
        "time: %.1f s, peak memory %.0f MiB"
            .formatted(
                report.seconds().values().stream().mapToDouble(Double::doubleValue).sum(),
                Math.max(report.peakMemoryBytes(), PeakMemory.bytes()) / MEBIBYTE));
    report.warnings().forEach(warning -> lines.add("warning: " + warning));
    return text(lines);
  }

  private static void addAccuracies(
      List<String> lines,
      Measure measure,
      Report.Accuracy validation,
      Report.@Nullable Accuracy test) {
    lines.add("");
    lines.add("%-12s %14s %14s".formatted(measure.id(), "validation", "test"));
    lines.add(accuracy("dense", validation.dense(), test == null ? null : test.dense()));
    lines.add(accuracy("pruned", validation.pruned(), test == null ? null : test.pruned()));
    if (validation.refreshed() != null) {
      lines.add(
          accuracy("refreshed", validation.refreshed(), test == null ? null : test.refreshed()));
    }
    lines.add(
        accuracy("final", validation.finalAccuracy(), test == null ? null : test.finalAccuracy()));
  }

  /// How far the final percentage on validation samples can be trusted.
  private static String interval(Report.HeldOut heldOut) {
    String samples =
        "validation: %s held-out %s"
            .formatted(count(heldOut.samples()), heldOut.samples() == 1 ? "sample" : "samples");
    return heldOut.low() == null || heldOut.high() == null
        ? samples
        : "%s; on all such samples the final network has %.2f to %.2f %% (95 %% confidence)"
            .formatted(samples, heldOut.low(), heldOut.high());
  }

  /// Stages, layers and phases of a run.
  public static String details(Report report) {
    var lines = new ArrayList<String>();
    lines.add(
        "%-6s %14s %14s %12s %9s".formatted("stage", "MACs", "weights", "validation", "seconds"));
    int number = 0;
    for (Report.StageReport stage : report.stages()) {
      lines.add(
          "%-6d %14s %14s %10.2f %% %9.1f"
              .formatted(
                  ++number,
                  count(stage.macs()),
                  count(stage.nnz()),
                  stage.validation(),
                  stage.seconds()));
      stage.notes().forEach(note -> lines.add("       " + note.text()));
    }
    lines.add("");
    int width = report.layers().stream().mapToInt(layer -> layer.name().length()).max().orElse(0);
    lines.add(
        "%s %-18s %12s %12s %8s %14s"
            .formatted(pad("layer", width), "shape", "weights", "kept", "share", "MACs kept"));
    for (Report.LayerReport layer : report.layers()) {
      lines.add(
          "%s %-18s %12s %12s %6.1f %% %14s"
              .formatted(
                  pad(layer.name(), width),
                  layer.shape(),
                  count(layer.weights()),
                  count(layer.kept()),
                  100.0 * layer.kept() / layer.weights(),
                  count(layer.macsKept())));
    }
    lines.add("");
    report
        .seconds()
        .forEach((phase, seconds) -> lines.add("%-24s %9.1f s".formatted(phase, seconds)));
    return text(lines);
  }

  /// What a run will do.
  public static String of(PruningPlan plan) {
    var lines = new ArrayList<String>();
    lines.add("%-12s %14s %14s %14s %9s".formatted("budget", "asked", "at most", "of", "share"));
    lines.add(plan("MACs", plan.asked().macs(), plan.budget().maxMacs(), plan.costs().totalMacs()));
    lines.add(
        plan("weights", plan.asked().nnz(), plan.budget().maxNnz(), plan.costs().weightCount()));
    lines.add("of: what the %d prunable layers have".formatted(plan.layers().size()));
    lines.add("");
    lines.add(
        "%d stage(s)%s, %d calibration samples each, refit: %s"
            .formatted(
                plan.stageBudgets().size(),
                plan.schedule() == null ? "" : " (%s schedule)".formatted(plan.schedule().id()),
                plan.samples(),
                plan.refit().id()));
    int number = 0;
    for (var budget : plan.stageBudgets()) {
      lines.add(
          "  stage %2d: at most %s MACs (%.1f %%), %s weights (%.1f %%)"
              .formatted(
                  ++number,
                  count(Math.min(budget.maxMacs(), plan.costs().totalMacs())),
                  share(budget.maxMacs(), plan.costs().totalMacs()),
                  count(Math.min(budget.maxNnz(), plan.costs().weightCount())),
                  share(budget.maxNnz(), plan.costs().weightCount())));
    }
    if (plan.gradients() != null) {
      plan.gradients().toString().lines().forEach(lines::add);
    }
    lines.add(
        "about %.0f s and %.0f MiB on this machine; nothing was computed or written"
            .formatted(plan.seconds(), plan.memoryBytes() / MEBIBYTE));
    return text(lines);
  }

  /// Length of a run's network on the disk, and with every zero stored if that is another one.
  ///
  /// @param result text of `result.json`
  public static String fileSizes(String result) {
    JsonNode model = Json.parse(result).path("model");
    long bytes = model.path("bytes").asLong();
    long dense = model.path("denseBytes").asLong();
    return bytes == dense
        ? count(bytes) + " bytes"
        : "%s bytes; %s with every zero stored".formatted(count(bytes), count(dense));
  }

  private static String budget(String name, Report.Used used) {
    return used.total() == 0
        ? "%-12s %14s %14s".formatted(name, used.asked(), "not known")
        : "%-12s %14s %14s %14s %7.2f %%"
            .formatted(name, used.asked(), count(used.used()), count(used.total()), used.percent());
  }

  private static String plan(String name, Object asked, long limit, long total) {
    return "%-12s %14s %14s %14s %7.2f %%"
        .formatted(name, asked, count(Math.min(limit, total)), count(total), share(limit, total));
  }

  private static double share(long limit, long total) {
    return total == 0 ? 100 : 100.0 * Math.min(limit, total) / total;
  }

  private static String accuracy(String name, double validation, @Nullable Double test) {
    return "%-12s %12.2f %% %14s"
        .formatted(name, validation, test == null ? "–" : "%.2f %%".formatted(test));
  }

  private static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  private static String text(List<String> lines) {
    return String.join(System.lineSeparator(), lines);
  }
}
