package falcon.prune.method;

import falcon.budget.CostTable;
import falcon.data.Seeds;
import falcon.torch.Precision;
import falcon.torch.curvature.ChannelDescent;
import falcon.torch.curvature.LayerMoments;
import falcon.torch.curvature.Ridge;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.gradient.OutputSensitivity;
import falcon.torch.sample.SampleSource;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The saliency of the weights in a stage. What it is measured by, the moments of the layers'
/// inputs and the slopes of the outputs, is that of the dense network and is measured once, when it
/// is first needed. It is used by the thread that runs the stage only.
final class StageSaliency {
  private final PruningMethod.Setting setting;
  private final ReconstructionMethod.Settings settings;
  private final List<String> tensors;

  /// Null until it is measured.
  private @Nullable Function<float[], float[]> known;

  StageSaliency(PruningMethod.Setting setting, ReconstructionMethod.Settings settings) {
    this.setting = setting;
    this.settings = settings;
    this.tensors = setting.plan().costs().layers().stream().map(CostTable.Layer::name).toList();
  }

  /// Returns the layers' quadratics; closed by the caller.
  List<ChannelDescent> descents() {
    return new LayerMoments(
            setting.dense(),
            settings.leastSquares().positions(),
            setting.plan().passBytes(),
            setting.workers())
        .descents(tensors, Ridge.growing(settings.leastSquares().ridge()), samples());
  }

  private SampleSource samples() {
    return setting.samples().draw("support search", 0, setting.plan().samples());
  }

  /// Returns the function that computes the saliency of weights `[p]`.
  Function<float[], float[]> function() {
    if (known != null) {
      return known;
    }
    if (!settings.saliency().isScaleFree()) {
      return function(List.of());
    }
    List<ChannelDescent> descents = descents();
    try {
      return function(descents);
    } finally {
      descents.forEach(ChannelDescent::close);
    }
  }

  /// Returns the same function, where the quadratics are at hand.
  ///
  /// @param descents those of [#descents]
  Function<float[], float[]> function(List<ChannelDescent> descents) {
    Function<float[], float[]> function = known == null ? measured(descents) : known;
    known = function;
    return function;
  }

  private Function<float[], float[]> measured(List<ChannelDescent> descents) {
    CostTable costs = setting.plan().costs();
    SaliencyRule rule = settings.saliency();
    if (!rule.isScaleFree()) {
      return weights -> Saliency.squaresTimesCost(weights, costs, rule.cost());
    }
    Map<String, float[]> sensitivity;
    try (var loaded = new LoadedNetwork(setting.dense(), Precision.FLOAT32)) {
      long seed = Seeds.of(setting.samples().seed(), "saliency", 0).nextLong();
      sensitivity = OutputSensitivity.of(loaded, tensors, samples(), seed, setting.workers());
    }
    float[] units =
        WeightUnits.of(
            setting.dense(),
            rule,
            costs,
            new WeightUnits.Evidence(descents, sensitivity, setting.plan().samples()));
    return weights -> Saliency.squares(weights, units);
  }
}
