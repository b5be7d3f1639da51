package falcon.prune.method;

import falcon.budget.CostTable;
import falcon.data.Seeds;
import falcon.prune.evaluation.DenseDescents;
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

/// The saliency of the weights in a stage. What it is measured by, the moments of the layers'
/// inputs and the slopes of the outputs, is that of the dense network and is measured once, when it
/// is first needed, for all runs that share their [falcon.prune.evaluation.DenseStatistics]. It is
/// used by the thread that runs the stage only.
final class StageSaliency {
  /// The part of the memory of a pass that the layers' quadratics may hold between runs.
  private static final int KEPT_PART = 4;

  private final PruningMethod.Setting setting;
  private final ReconstructionMethod.Settings settings;
  private final List<String> tensors;

  StageSaliency(PruningMethod.Setting setting, ReconstructionMethod.Settings settings) {
    this.setting = setting;
    this.settings = settings;
    this.tensors = setting.plan().costs().layers().stream().map(CostTable.Layer::name).toList();
  }

  /// Performs work with the layers' quadratics: those that an earlier run left, or new ones, which
  /// stay where several runs need them and they fit in a part of the memory.
  <T> T withDescents(Function<List<ChannelDescent>, T> work) {
    String name = "quadratics, " + settings.leastSquares();
    if (setting.statistics().isKnown(name)) {
      return work.apply(setting.statistics().get(DenseDescents.class, name, this::measured).all());
    }
    DenseDescents descents = measured();
    boolean isKept =
        setting.statistics().areShared()
            && descents.bytes() <= setting.plan().passBytes() / KEPT_PART;
    if (isKept) {
      setting.statistics().get(DenseDescents.class, name, () -> descents);
      return work.apply(descents.all());
    }
    try (descents) {
      return work.apply(descents.all());
    }
  }

  private DenseDescents measured() {
    return new DenseDescents(
        new LayerMoments(
                setting.dense(),
                settings.leastSquares().positions(),
                setting.plan().passBytes(),
                setting.workers())
            .descents(tensors, Ridge.growing(settings.leastSquares().ridge()), samples()));
  }

  private SampleSource samples() {
    return setting.samples().draw("support search", 0, setting.plan().samples());
  }

  /// Returns the function that computes the saliency of weights `[p]`.
  Function<float[], float[]> function() {
    return !settings.saliency().isScaleFree() || setting.statistics().isKnown(unitsName())
        ? function(List.of())
        : withDescents(this::function);
  }

  /// Returns the same function, where the quadratics are at hand.
  ///
  /// @param descents those of [#withDescents]; not needed where the units are known
  Function<float[], float[]> function(List<ChannelDescent> descents) {
    CostTable costs = setting.plan().costs();
    SaliencyRule rule = settings.saliency();
    if (!rule.isScaleFree()) {
      return weights -> Saliency.squaresTimesCost(weights, costs, rule.cost());
    }
    float[] units =
        setting.statistics().get(float[].class, unitsName(), () -> units(rule, costs, descents));
    return weights -> Saliency.squares(weights, units);
  }

  private String unitsName() {
    return "units of weights, %s, %s".formatted(settings.saliency(), settings.leastSquares());
  }

  private float[] units(SaliencyRule rule, CostTable costs, List<ChannelDescent> descents) {
    Map<String, float[]> sensitivity;
    try (var loaded = new LoadedNetwork(setting.dense(), Precision.FLOAT32)) {
      long seed = Seeds.of(setting.samples().seed(), "saliency", 0).nextLong();
      sensitivity = OutputSensitivity.of(loaded, tensors, samples(), seed, setting.workers());
    }
    return WeightUnits.of(
        setting.dense(),
        rule,
        costs,
        new WeightUnits.Evidence(descents, sensitivity, setting.plan().samples()));
  }
}
