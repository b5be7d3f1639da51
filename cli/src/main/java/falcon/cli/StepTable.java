package falcon.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.cli.output.Table;
import falcon.cli.speed.SpeedComparison;
import falcon.cli.speed.StepSpeed;
import falcon.runtime.LayerSummary;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where the time of a pruned network goes: a table of its steps in Falcon's runtime.
final class StepTable {
  /// Share of all time below which steps without weights are told in one line.
  private static final double SMALL = 0.01;

  private StepTable() {}

  /// Returns the table for people.
  static String text(SpeedComparison.Setting setting) {
    List<StepSpeed> steps = setting.steps();
    double all = steps.stream().mapToDouble(StepSpeed::pruned).sum();
    boolean hasDense = steps.stream().anyMatch(step -> step.dense() != null);
    var table =
        hasDense
            ? new Table("step", "kernel", ">zeros", ">dense ms", ">ms", ">share", ">GMAC/s")
            : new Table("step", "kernel", ">zeros", ">ms", ">share", ">GMAC/s");
    int others = 0;
    double rest = 0;
    double denseRest = 0;
    for (StepSpeed step : steps) {
      LayerSummary layer = step.layer();
      Double dense = step.dense();
      if (layer == null && step.pruned() < SMALL * all) {
        others++;
        rest += step.pruned();
        denseRest += dense == null ? 0 : dense;
        continue;
      }
      row(
          table,
          step.node(),
          layer == null ? "–" : kernel(layer),
          layer == null ? "–" : "%.1f %%".formatted(zeros(layer)),
          hasDense ? dense == null ? "–" : "%.4f".formatted(dense) : null,
          step.pruned(),
          all,
          layer == null ? "–" : "%.1f".formatted(layer.macs() / step.pruned() / 1e6));
    }
    if (others > 0) {
      row(
          table,
          others == 1 ? "1 other step" : "%d other steps".formatted(others),
          "–",
          "–",
          hasDense ? "%.4f".formatted(denseRest) : null,
          rest,
          all,
          "–");
    }
    return "falcon.runtime, batch %d, threads %d: steps of the pruned network; GMAC/s of weights that are kept%n%s"
        .formatted(setting.batch(), setting.threads(), table);
  }

  private static void row(
      Table table,
      String step,
      String kernel,
      String zeros,
      @Nullable String dense,
      double pruned,
      double all,
      String rate) {
    String time = "%.4f".formatted(pruned);
    String share = "%.1f %%".formatted(100 * pruned / all);
    if (dense == null) {
      table.row(step, kernel, zeros, time, share, rate);
    } else {
      table.row(step, kernel, zeros, dense, time, share, rate);
    }
  }

  /// Writes the steps as JSON.
  static void write(SpeedComparison.Setting setting, ArrayNode array) {
    for (StepSpeed step : setting.steps()) {
      ObjectNode json =
          array
              .addObject()
              .put("node", step.node())
              .put("pruned", step.pruned())
              .put("dense", step.dense());
      LayerSummary layer = step.layer();
      if (layer != null) {
        json.put("kernel", kernel(layer))
            .put("kept", layer.kept())
            .put("weights", layer.weights())
            .put("macs", layer.macs());
      }
    }
  }

  private static String kernel(LayerSummary layer) {
    return layer.kernel().name().toLowerCase(Locale.ROOT);
  }

  private static double zeros(LayerSummary layer) {
    return 100.0 * (layer.weights() - layer.kept()) / layer.weights();
  }
}
