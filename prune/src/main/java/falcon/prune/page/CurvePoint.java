package falcon.prune.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One run of a curve: what it costs, and how good it is.
///
/// @param name what the point is called, "r30" for instance
/// @param run folder of the run
/// @param cost what the pruned network costs
/// @param judged how good it is
/// @param seconds time of the run; null if it is not known
public record CurvePoint(
    String name, Path run, Cost cost, Judged judged, @Nullable Double seconds) {
  /// What a pruned network costs.
  ///
  /// @param asked the budget as it was asked for
  /// @param macs multiply-accumulates of one example in the prunable layers; null if they are not
  ///     known
  /// @param weights numbers of weights of the prunable layers
  /// @param bytes length of the network's files; null if it is not known
  /// @param milliseconds time of a forward pass by runtime, where it was measured
  public record Cost(
      String asked,
      @Nullable Part macs,
      Part weights,
      @Nullable Long bytes,
      Map<String, Double> milliseconds) {
    /// Copies the times.
    public Cost {
      milliseconds = Map.copyOf(milliseconds);
    }
  }

  /// How good a pruned network is.
  ///
  /// @param heldOut quality on held-out samples; null if none are held out
  /// @param test quality on the test samples; null if there are none
  /// @param magnitude quality of magnitude pruning to the same budget on the same held-out samples;
  ///     null if it was left out
  public record Judged(
      @Nullable Quality heldOut, @Nullable Quality test, @Nullable Quality magnitude) {}

  /// A used part of a resource.
  ///
  /// @param used what stays
  /// @param total what the dense network has
  public record Part(long used, long total) {
    /// Returns the used share in percent.
    public double percent() {
      return total == 0 ? 100 : 100.0 * used / total;
    }

    static @Nullable Part of(RunResult run, String resource) {
      Double used = run.number("/budget/%s/used".formatted(resource));
      Double total = run.number("/budget/%s/total".formatted(resource));
      return used == null || total == null ? null : new Part(used.longValue(), total.longValue());
    }
  }

  /// An interval of 95 % confidence.
  ///
  /// @param low lower end in percent
  /// @param high upper end
  public record Interval(double low, double high) {}

  /// A quality on some samples, in percent.
  ///
  /// @param measure accuracy, agreement or fidelity
  /// @param dense that of the dense network
  /// @param value that of the pruned one
  /// @param interval its 95 % interval; null if it is not known
  /// @param samples number of samples; null if it is not known
  public record Quality(
      String measure,
      @Nullable Double dense,
      double value,
      @Nullable Interval interval,
      @Nullable Long samples) {
    private static @Nullable Quality of(RunResult run, String split) {
      RunResult.Quality found =
          run.qualities().stream()
              .filter(each -> each.split().equals(split))
              .findFirst()
              .orElse(null);
      Double value = found == null ? null : found.percent("final");
      if (found == null || value == null) {
        return null;
      }
      List<Double> ends = found.interval();
      JsonNode samples = found.values().path("samples");
      return new Quality(
          found.measure(),
          found.percent("dense"),
          value,
          ends.isEmpty() ? null : new Interval(ends.getFirst(), ends.getLast()),
          samples.isNumber() ? samples.longValue() : null);
    }
  }

  /// Returns the point of a run.
  ///
  /// @param magnitude result of magnitude pruning to the same budget, null if there is none
  /// @throws falcon.prune.options.PruningException if the result does not say what stays
  static CurvePoint of(String name, Path folder, RunResult run, @Nullable RunResult magnitude) {
    Part weights = Part.of(run, "nnz");
    if (weights == null) {
      throw RunResult.input(
          "%s: does not say how many weights stay.%nRestore it from a copy, or make the run again."
              .formatted(folder));
    }
    var milliseconds = new LinkedHashMap<String, Double>();
    for (JsonNode speed : run.at("/speed")) {
      Double time = RunResult.number(speed.path("pruned"));
      if (time != null) {
        milliseconds.putIfAbsent(speed.path("runtime").asText(), time);
      }
    }
    Double bytes = run.number("/model/bytes");
    return new CurvePoint(
        name,
        folder,
        new Cost(
            run.at("/budget/macs/request").asText(run.at("/budget/nnz/request").asText(name)),
            Part.of(run, "macs"),
            weights,
            bytes == null ? null : bytes.longValue(),
            milliseconds),
        new Judged(
            Quality.of(run, "validation"),
            Quality.of(run, "test"),
            magnitude == null ? null : Quality.of(magnitude, "validation")),
        run.seconds());
  }

  /// Returns the quality that the curve shows: on held-out samples, or else on test samples.
  ///
  /// @return null if nothing was measured
  public @Nullable Quality quality() {
    return judged.heldOut() != null ? judged.heldOut() : judged.test();
  }

  /// Returns the share of the MACs that stays, or of the weights where MACs are not known, in
  /// percent.
  public double share() {
    return cost.macs() == null ? cost.weights().percent() : cost.macs().percent();
  }
}
