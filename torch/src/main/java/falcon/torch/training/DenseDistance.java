package falcon.torch.training;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// How far the outputs and features of a network are from those of the dense network, relative to
/// how much these vary: the loss of a [Refinement], and a part of an [Objective]. It is used by
/// several threads at a time.
final class DenseDistance implements AutoCloseable {
  /// Greatest variance of values whose squares float32 represents well.
  private static final double GREATEST_SCALE = 1e20;

  private final LoadedNetwork dense;
  private final List<Feature> features;
  private final Weights weights;
  private final double outputScale;

  private DenseDistance(
      LoadedNetwork dense, List<Feature> features, Weights weights, double outputScale) {
    this.dense = dense;
    this.features = features;
    this.weights = weights;
    this.outputScale = outputScale;
  }

  /// The weights of the distance's terms.
  ///
  /// @param outputs weight of the outputs' term
  /// @param features weight of the features' term
  record Weights(double outputs, double features) {}

  /// A value that the distance compares, channel by channel.
  private static final class Feature {
    private final String name;

    /// Variances of the channels; 0 where a channel does not vary.
    private final double[] variances;

    /// 1 over their roots, 0 where a channel does not vary; broadcast over the other axes.
    private final Tensor units;

    private Feature(String name, double[] variances, Tensor units) {
      this.name = name;
      this.variances = variances;
      this.units = units;
    }

    /// @param shape shape of the units: 1 but for the axis of the channels
    /// @param type type of the feature
    static Feature of(String name, long[] shape, torch.ScalarType type, double... variances) {
      var units = new float[variances.length];
      for (int c = 0; c < units.length; c++) {
        units[c] = variances[c] > 0 ? (float) (1 / Math.sqrt(variances[c])) : 0;
      }
      try (var _ = new PointerScope()) {
        List<Long> sizes = Arrays.stream(shape).boxed().toList();
        Tensor broadcast = Torch.scoped(units, sizes, Precision.FLOAT32).to(type);
        return new Feature(name, variances, Torch.keep(broadcast));
      }
    }

    Feature with(double... others) {
      return of(name, units.shape(), Torch.type(units), others);
    }
  }

  /// Measures how much the values of the dense network vary.
  ///
  /// @param dense owned by the caller, who closes it after this object
  /// @param features names of the features, and the axes of their channels
  /// @param samples the first of them are measured on
  /// @param count number of these
  static DenseDistance measured(
      LoadedNetwork dense,
      Map<String, Integer> features,
      SampleSource samples,
      int count,
      Weights weights) {
    var chunks = dense.chunks(Math.min(count, samples.size()), count);
    var measured = new ArrayList<Measured>();
    features.forEach((name, axis) -> measured.add(new Measured(name, axis)));
    try (var _ = new PointerScope()) {
      var outputs = new TensorVector(chunks.count());
      for (int chunk = 0; chunk < chunks.count(); chunk++) {
        try (var execution = dense.start(chunks.batch(samples, chunk))) {
          features.keySet().forEach(execution::watch);
          Tensor output = execution.runToEnd();
          dense.requireReal(output);
          outputs.put(chunk, output.clone());
          measured.forEach(feature -> feature.add(execution.value(feature.name)));
        }
      }
      double output = outputVariance(chunks.count() == 1 ? outputs.get(0) : torch.cat(outputs, 0));
      return new DenseDistance(
          dense,
          measured.stream().map(Measured::feature).toList(),
          weights,
          output > 0 && output < Double.POSITIVE_INFINITY ? output : 1);
    }
  }

  /// A feature whose variances are being measured, on one chunk of samples after the other: samples
  /// may lie along any axis but that of the channels.
  private static final class Measured {
    private final String name;
    private final int axis;
    private final List<ChannelMoments> moments = new ArrayList<>();
    private long[] shape = {};
    private torch.ScalarType type = torch.ScalarType.Float;

    /// @param axis axis of the channels, negative
    Measured(String name, int axis) {
      this.name = name;
      this.axis = axis;
    }

    void add(Tensor value) {
      shape = new long[Math.toIntExact(value.dim())];
      Arrays.fill(shape, 1);
      int channels = Math.floorMod(axis, shape.length);
      shape[channels] = value.size(channels);
      type = Torch.type(value);
      moments.add(ChannelMoments.of(value.to(torch.ScalarType.Double), axis));
    }

    Feature feature() {
      return Feature.of(name, shape, type, usable(ChannelMoments.join(moments).variances()));
    }
  }

  /// Returns the mean over outputs of the variances over samples.
  private static double outputVariance(Tensor outputs) {
    double variance = meanVariance(outputs);
    return Double.isFinite(variance) ? variance : meanVariance(outputs.to(torch.ScalarType.Double));
  }

  private static double meanVariance(Tensor outputs) {
    return outputs.var(new long[] {0}, false, false).mean(new ScalarTypeOptional()).item_double();
  }

  /// Returns variances, 0 in place of those that are not above zero and finite.
  private static double[] usable(double... variances) {
    return Arrays.stream(variances)
        .map(variance -> variance > 0 && variance < Double.POSITIVE_INFINITY ? variance : 0)
        .toArray();
  }

  /// Returns what was measured: the variance of the outputs, then those of the channels of each
  /// feature.
  List<Double> scales() {
    var scales = new ArrayList<Double>();
    scales.add(outputScale);
    features.forEach(feature -> Arrays.stream(feature.variances).forEach(scales::add));
    return scales;
  }

  /// A distance on its way to another process.
  ///
  /// @param shapes shapes of the features' units
  /// @param types element types of the features, by their names in libtorch
  record Sent(
      ArrayList<String> features,
      ArrayList<long[]> shapes,
      ArrayList<String> types,
      ArrayList<double[]> variances,
      double outputWeight,
      double featureWeight,
      double outputScale)
      implements Serializable {
    /// Returns the distance, closed by the caller.
    ///
    /// @param dense the dense network, as it is loaded here
    DenseDistance received(LoadedNetwork dense) {
      var received = new ArrayList<Feature>();
      for (int i = 0; i < features.size(); i++) {
        received.add(
            Feature.of(
                features.get(i),
                shapes.get(i),
                torch.ScalarType.valueOf(types.get(i)),
                variances.get(i)));
      }
      return new DenseDistance(
          dense, received, new Weights(outputWeight, featureWeight), outputScale);
    }
  }

  /// Returns what another process needs of this distance besides the dense network.
  Sent sent() {
    return new Sent(
        new ArrayList<>(features.stream().map(feature -> feature.name).toList()),
        new ArrayList<>(features.stream().map(feature -> feature.units.shape()).toList()),
        new ArrayList<>(
            features.stream().map(feature -> Torch.type(feature.units).name()).toList()),
        new ArrayList<>(features.stream().map(feature -> feature.variances).toList()),
        weights.outputs(),
        weights.features(),
        outputScale);
  }

  /// Returns this distance with the scales of another one of the same networks. This object is
  /// closed.
  ///
  /// @param scales those of [#scales]
  /// @throws IllegalStateException if their number differs
  DenseDistance with(List<Double> scales) {
    int own = scales().size();
    if (scales.size() != own) {
      throw new IllegalStateException(
          "the refinement's state has %d scales, wanted are %d".formatted(scales.size(), own));
    }
    var all = new ArrayList<Feature>();
    int next = 1;
    for (Feature feature : features) {
      int first = next;
      all.add(
          feature.with(
              IntStream.range(0, feature.variances.length)
                  .mapToDouble(c -> scales.get(first + c))
                  .toArray()));
      next += feature.variances.length;
    }
    close();
    return new DenseDistance(dense, all, weights, scales.getFirst());
  }

  /// Returns the sum over the samples of a batch of the squared distances, each over its scale.
  ///
  /// @param execution an execution of the network that watches the features
  Tensor of(GraphExecution execution, SampleBatch batch) {
    try (var reference = dense.start(batch)) {
      watch(reference);
      return of(execution, execution.runToEnd(), reference, reference.runToEnd());
    }
  }

  /// Returns the same of two executions that are at their ends.
  ///
  /// @param reference an execution of the dense network that watches the features
  Tensor of(GraphExecution execution, Tensor output, GraphExecution reference, Tensor wanted) {
    return withFeatures(outputDistance(output, wanted), execution, reference);
  }

  /// Returns a loss of the outputs with the features' term added.
  ///
  /// @param loss a scalar, summed over the samples
  Tensor withFeatures(Tensor loss, GraphExecution execution, GraphExecution reference) {
    Tensor sum = loss;
    for (Feature feature : features) {
      sum =
          sum.add(
              squaredDistance(
                      execution.value(feature.name).mul(feature.units),
                      reference.value(feature.name).mul(feature.units))
                  .mul(new Scalar(weights.features() / features.size())));
    }
    return sum;
  }

  /// Lets an execution keep the features.
  void watch(GraphExecution execution) {
    features.forEach(feature -> execution.watch(feature.name));
  }

  /// Returns the squared distance of outputs over its scale; values whose squares float32 cannot
  /// represent are divided before they are squared.
  private Tensor outputDistance(Tensor value, Tensor wanted) {
    if (outputScale < GREATEST_SCALE && outputScale > 1 / GREATEST_SCALE) {
      return squaredDistance(value, wanted).mul(new Scalar(weights.outputs() / outputScale));
    }
    var unit = new Scalar(1 / Math.sqrt(outputScale));
    return squaredDistance(value.mul(unit), wanted.mul(unit)).mul(new Scalar(weights.outputs()));
  }

  /// Returns the mean squared distance over a sample's elements, summed over samples.
  private static Tensor squaredDistance(Tensor value, Tensor wanted) {
    double elementsPerSample = (double) value.numel() / value.size(0);
    return torch
        .mse_loss(value, wanted, 2) // sum
        .mul(new Scalar(1 / elementsPerSample));
  }

  /// Releases the tensors that all threads use.
  @Override
  public void close() {
    features.forEach(feature -> feature.units.releaseReference());
  }
}
