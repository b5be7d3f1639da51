package falcon.prune.report;

import com.fasterxml.jackson.databind.JsonNode;
import falcon.budget.Budget;
import falcon.budget.SparsityPattern;
import falcon.prune.options.Measure;
import falcon.prune.plan.PlannedResource;
import falcon.prune.plan.PruningPlan;
import falcon.prune.resources.PeakMemory;
import falcon.prune.storage.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Formats reports and plans as text of a few lines, for people.
public final class Summary {
  private static final double MEBIBYTE = 1 << 20;

  private Summary() {}

  /// Returns the summary of a run: budgets, accuracies, certificate, time.
  public static String of(Report report) {
    var lines = new ArrayList<String>();
    lines.add("%-12s %14s %14s %14s %9s".formatted("budget", "asked", "used", "of", "kept"));
    lines.add(budget("MACs", report.macs()));
    lines.add(budget("weights", report.nnz()));
    report.resources().forEach(resource -> lines.add(budget(resource)));
    lines.add(
        "whole network: %s, %s"
            .formatted(
                part("MACs", report.networkMacs()), part("weights", report.networkWeights())));
    if (report.measure() == null) {
      lines.add("accuracy: not told, there was no data");
    } else if (report.validation() == null && report.test() == null) {
      lines.add("%s: not told, no samples are held out".formatted(report.measure().id()));
    } else {
      addHeader(lines, report.measure(), report.testMeasure());
      addAccuracies(
          lines,
          isTraining(report) ? List.of("before", "trained") : List.of("dense", "pruned"),
          report.validation(),
          report.test());
      if (report.heldOut() != null) {
        lines.add(interval(report.heldOut()));
        addDrop(lines, report);
      }
    }
    lines.add("");
    Report.Certificate certificate = report.certificate();
    if (certificate != null) {
      lines.add(
          "certificate: no choice%s within the budget keeps more than %.4g %% beyond this one's saliency"
              .formatted(
                  report.pattern().equals(SparsityPattern.SCATTERED)
                      ? ""
                      : " with the pattern " + report.pattern(),
                  100 * certificate.relativeGap()));
    }
    if (certificate != null && !report.resources().isEmpty()) {
      lines.add(binding(certificate, report));
    }
    if (report.measured() != null) {
      lines.add(measured(report.measured(), report));
    }
    report.stages().stream()
        .flatMap(stage -> stage.notes().stream())
        .filter(StageNote.Retrained.class::isInstance)
        .forEach(note -> lines.add(note.text()));
    lines.add(
        "time: %.1f s, peak memory %.0f MiB"
            .formatted(
                report.seconds().values().stream().mapToDouble(Double::doubleValue).sum(),
                Math.max(report.peakMemoryBytes(), PeakMemory.bytes()) / MEBIBYTE));
    report.warnings().forEach(warning -> lines.add("warning: " + warning));
    return text(lines);
  }

  /// Names the measure, or both where the test split is judged by another one.
  private static void addHeader(List<String> lines, Measure measure, @Nullable Measure onTest) {
    lines.add("");
    if (onTest == null || onTest == measure) {
      lines.add("%-12s %14s %14s".formatted(measure.id(), "validation", "test"));
    } else {
      lines.add("%-12s %14s %14s".formatted("", measure.id(), onTest.id()));
      lines.add("%-12s %14s %14s".formatted("", "validation", "test"));
    }
  }

  /// Returns whether nothing was pruned and the network was trained.
  private static boolean isTraining(Report report) {
    return report.certificate() == null && report.nnz().limit() == report.nnz().total();
  }

  /// @param names names of the network before the run, and after it
  private static void addAccuracies(
      List<String> lines,
      List<String> names,
      Report.@Nullable Accuracy validation,
      Report.@Nullable Accuracy test) {
    lines.add(accuracies(names.getFirst(), validation, test, Report.Accuracy::dense));
    lines.add(accuracies(names.getLast(), validation, test, Report.Accuracy::pruned));
    Report.Accuracy either = validation != null ? validation : test;
    if (either != null && either.refreshed() != null) {
      lines.add(accuracies("refreshed", validation, test, Report.Accuracy::refreshed));
    }
    lines.add(accuracies("final", validation, test, Report.Accuracy::finalAccuracy));
  }

  /// Returns how far the final percentage on validation samples can be trusted.
  private static String interval(Report.HeldOut heldOut) {
    String samples =
        "validation: %s held-out %s"
            .formatted(count(heldOut.samples()), heldOut.samples() == 1 ? "sample" : "samples");
    return heldOut.low() == null || heldOut.high() == null
        ? samples
        : "%s; on all such samples the final network has %.2f to %.2f %% (95 %% confidence)"
            .formatted(samples, heldOut.low(), heldOut.high());
  }

  /// Adds how much is lost, where a greatest loss was asked for.
  private static void addDrop(List<String> lines, Report report) {
    DropLimit limit = report.dropLimit();
    DropEstimate drop = report.drop();
    if (limit == null || drop == null) {
      return;
    }
    lines.add(
        "drop: %.2f points on the held-out samples; with 95 %% confidence %.2f to %.2f, asked for was at most %s"
            .formatted(drop.points(), drop.low(), drop.high(), limit.mostText()));
    DropLimit.Trial next = limit.next();
    lines.add(
        "budget: the smallest of %d that were tried%s"
            .formatted(
                limit.trials().size(),
                next == null
                    ? ""
                    : next.drop() == null
                        ? "; %s cannot be met".formatted(next.share())
                        : "; at %s the drop may be up to %.2f"
                            .formatted(next.share(), next.drop().high())));
  }

  /// Returns the stages, layers and phases of a run.
  public static String details(Report report) {
    var lines = new ArrayList<String>();
    lines.add(
        "%-6s %14s %14s %12s %9s".formatted("stage", "MACs", "weights", "validation", "seconds"));
    int number = 0;
    for (Report.StageReport stage : report.stages()) {
      lines.add(
          "%-6d %14s %14s %12s %9.1f"
              .formatted(
                  ++number,
                  count(stage.macs()),
                  count(stage.nnz()),
                  percent(stage.validation()),
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

  /// Returns the summary of a plan.
  public static String of(PruningPlan plan) {
    var lines = new ArrayList<String>();
    lines.add("%-12s %14s %14s %14s %9s".formatted("budget", "asked", "at most", "of", "share"));
    lines.add(
        plan.isCounted()
            ? plan("MACs", plan.asked().macs(), plan.budget().maxMacs(), plan.costs().totalMacs())
            : "%-12s %14s %14s".formatted("MACs", plan.asked().macs(), "not known"));
    lines.add(
        plan("weights", plan.asked().nnz(), plan.budget().maxNnz(), plan.costs().weightCount()));
    for (PlannedResource resource : plan.resources()) {
      lines.add(
          "%-12s %14s %14s %14s %7.2f %%"
              .formatted(
                  resource.name(),
                  resource.request(),
                  resource.text(resource.limit()),
                  resource.text(resource.total()),
                  resource.percent(resource.limit())));
    }
    lines.add("of: what the %d prunable layers have".formatted(plan.layers().size()));
    for (PlannedResource resource : plan.resources()) {
      lines.add(
          "%s: of the whole network; %s (%.1f %%) of it whatever is pruned"
              .formatted(
                  resource.name(),
                  resource.text(resource.fixed()),
                  resource.percent(resource.fixed())));
    }
    lines.add(
        "whole network: at most %s, %s"
            .formatted(part("MACs", networkMacs(plan)), part("weights", networkWeights(plan))));
    if (!plan.pattern().equals(SparsityPattern.SCATTERED)) {
      lines.add("pattern of the zeros: %s".formatted(plan.pattern()));
    }
    lines.add("");
    lines.add(
        "%d stage(s)%s, %d calibration samples each, refit: %s"
            .formatted(
                plan.stageBudgets().size(),
                plan.schedule() == null ? "" : " (%s schedule)".formatted(plan.schedule().id()),
                plan.samples(),
                plan.refit().id()));
    if (plan.learningRate() != null) {
      lines.add(
          "%,d refinement steps in the last stage, learning rate %s"
              .formatted(plan.steps(), plan.learningRate()));
    }
    int number = 0;
    for (var budget : plan.stageBudgets()) {
      lines.add(
          "  stage %2d: at most %s%s weights (%.1f %%)"
              .formatted(
                  ++number,
                  plan.isCounted() ? stageMacs(plan, budget) : "",
                  count(Math.min(budget.maxNnz(), plan.costs().weightCount())),
                  share(budget.maxNnz(), plan.costs().weightCount())));
    }
    if (plan.gradients() != null) {
      plan.gradients().toString().lines().forEach(lines::add);
    }
    lines.add(
        "about %.0f s and %.0f MiB on this machine; nothing was computed or written"
            .formatted(plan.seconds(), plan.memoryBytes() / MEBIBYTE));
    plan.warnings().forEach(warning -> lines.add("warning: " + warning));
    return text(lines);
  }

  private static String stageMacs(PruningPlan plan, Budget budget) {
    long total = plan.costs().totalMacs();
    return "%s MACs (%.1f %%), "
        .formatted(count(Math.min(budget.maxMacs(), total)), share(budget.maxMacs(), total));
  }

  /// Returns the most multiply-accumulates of one example that a plan leaves of the whole network.
  ///
  /// @return null if some of them are not known
  public static Report.@Nullable Part networkMacs(PruningPlan plan) {
    Long all = plan.reach().allMacs();
    long prunable = Math.min(plan.budget().maxMacs(), plan.costs().totalMacs());
    return all == null ? null : new Report.Part(prunable + plan.reach().fixedMacs(), all);
  }

  /// Returns the most weights that a plan leaves of the whole network.
  public static Report.Part networkWeights(PruningPlan plan) {
    long prunable = Math.min(plan.budget().maxNnz(), plan.costs().weightCount());
    return new Report.Part(prunable + plan.reach().fixedWeights(), plan.reach().allWeights());
  }

  /// Returns a number of seconds as people say it: `7 s`, `3 min 20 s`, `2 h 5 min`.
  public static String time(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    return whole < 3600
        ? "%d min %d s".formatted(whole / 60, whole % 60)
        : "%d h %d min".formatted(whole / 3600, whole / 60 % 60);
  }

  /// Returns the length of a run's network on the disk, and with every zero stored if that length
  /// differs.
  ///
  /// @param result the text of `result.json`
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

  private static String budget(Report.ResourceReport resource) {
    PlannedResource budget = resource.budget();
    return "%-12s %14s %14s %14s %7.2f %%"
        .formatted(
            budget.name(),
            budget.request(),
            budget.text(resource.used()),
            budget.text(budget.total()),
            budget.percent(resource.used()));
  }

  /// Compares a measured resource with its promise.
  private static String measured(Measured measured, Report report) {
    var text = new StringBuilder();
    for (Report.ResourceReport resource : report.resources()) {
      if (resource.budget().name().equals(measured.resource())) {
        double promised = resource.budget().inUnits(resource.used());
        text.append(
            "measured: %.3f ms, %.1f %% %s than the %.3f ms promised; dense %.3f ms (%d example%s, %d thread%s)"
                .formatted(
                    measured.value(),
                    Math.abs(100 * (measured.value() / promised - 1)),
                    measured.value() < promised ? "less" : "more",
                    promised,
                    measured.dense(),
                    measured.batch(),
                    measured.batch() == 1 ? "" : "s",
                    measured.threads(),
                    measured.threads() == 1 ? "" : "s"));
      }
    }
    Measured.Correction correction = measured.correction();
    return correction == null
        ? text.toString()
        : text.append(
                "; corrected once: the first plan promised %.3f ms and took %.3f ms"
                    .formatted(correction.promised(), correction.measured()))
            .toString();
  }

  /// Names the budgets that bind, with what one unit more of each would be worth.
  private static String binding(Report.Certificate certificate, Report report) {
    var units = new HashMap<String, String>();
    report.resources().forEach(r -> units.put(r.budget().name(), r.budget().unit()));
    List<String> binding =
        certificate.prices().entrySet().stream()
            .filter(price -> price.getValue() > 0)
            .map(price ->
                "%s (%.3g of saliency per %s)"
                    .formatted(
                        name(price.getKey()),
                        price.getValue(),
                        unit(price.getKey(), units.getOrDefault(price.getKey(), ""))))
            .toList();
    return binding.isEmpty() ? "binding: no budget" : "binding: " + String.join(", ", binding);
  }

  private static String name(String resource) {
    return switch (resource) {
      case "macs" -> "MACs";
      case "nnz" -> "weights";
      default -> resource;
    };
  }

  private static String unit(String resource, String unit) {
    return switch (resource) {
      case "macs" -> "MAC";
      case "nnz" -> "weight";
      default -> unit.isEmpty() ? "unit" : unit.equals("bytes") ? "byte" : unit;
    };
  }

  private static String plan(String name, Object asked, long limit, long total) {
    return "%-12s %14s %14s %14s %7.2f %%"
        .formatted(name, asked, count(Math.min(limit, total)), count(total), share(limit, total));
  }

  private static double share(long limit, long total) {
    return total == 0 ? 100 : 100.0 * Math.min(limit, total) / total;
  }

  private static String accuracies(
      String name,
      Report.@Nullable Accuracy validation,
      Report.@Nullable Accuracy test,
      Function<Report.Accuracy, @Nullable Double> value) {
    return "%-12s %14s %14s"
        .formatted(
            name,
            percent(validation == null ? null : value.apply(validation)),
            percent(test == null ? null : value.apply(test)));
  }

  private static String percent(@Nullable Double value) {
    return value == null ? "–" : "%.2f %%".formatted(value);
  }

  /// Returns what stays of the whole network.
  private static String part(String resource, Report.@Nullable Part part) {
    return part == null
        ? resource + " not known"
        : "%s of %s %s stay (%.2f %%)"
            .formatted(count(part.used()), count(part.total()), resource, part.percent());
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
