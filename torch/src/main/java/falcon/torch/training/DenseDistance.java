package falcon.torch.training;

import falcon.model.Network;
import falcon.model.Node;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The loss of a [Refinement]: how far the outputs and features of a network are from those of the
/// dense network, relative to how much these vary. It is used by several threads at a time.
final class DenseDistance implements AutoCloseable {
  /// Greatest variance of values whose squares float32 represents well.
  private static final double GREATEST_SCALE = 1e20;

  private final LoadedNetwork dense;
  private final List<Feature> features;
  private final Refinement.Options options;
  private final double outputScale;

  private DenseDistance(
      LoadedNetwork dense, List<Feature> features, Refinement.Options options, double outputScale) {
    this.dense = dense;
    this.features = features;
    this.options = options;
    this.outputScale = outputScale;
  }

  /// A value that the distance compares, channel by channel.
  private static final class Feature {
    private final String name;

    /// Axis of the channels.
    private final int axis;

    /// Variances of the channels; 0 where a channel does not vary.
    private final double[] variances;

    /// 1 over their roots, 0 where a channel does not vary; broadcast over the other axes.
    private final Tensor units;

    private Feature(String name, int axis, double[] variances, Tensor units) {
      this.name = name;
      this.axis = axis;
      this.variances = variances;
      this.units = units;
    }

    /// @param like a tensor of the rank and type of the feature
    static Feature of(String name, int axis, Tensor like, double... variances) {
      var units = new float[variances.length];
      for (int c = 0; c < units.length; c++) {
        units[c] = variances[c] > 0 ? (float) (1 / Math.sqrt(variances[c])) : 0;
      }
      var shape = new Long[Math.toIntExact(like.dim())];
      Arrays.fill(shape, 1L);
      shape[axis] = (long) units.length;
      try (var _ = new PointerScope()) {
        Tensor broadcast =
            Torch.scoped(units, List.of(shape), Precision.FLOAT32).to(Torch.type(like));
        return new Feature(name, axis, variances, Torch.keep(broadcast));
      }
    }

    Feature with(double... others) {
      return of(name, axis, units, others);
    }
  }

  /// Measures how much the values of the dense network vary.
  ///
  /// @param dense owned by the caller, who closes it after this object
  /// @param features names of the features
  /// @param samples the first of them are measured on
  /// @param count number of these
  static DenseDistance measured(
      LoadedNetwork dense,
      List<String> features,
      SampleSource samples,
      int count,
      Refinement.Options options) {
    var chunks = dense.chunks(Math.min(count, samples.size()), count);
    try (var _ = new PointerScope()) {
      var outputs = new TensorVector(chunks.count());
      var moments = new ArrayList<List<ChannelMoments>>();
      var likes = new ArrayList<Tensor>();
      for (int chunk = 0; chunk < chunks.count(); chunk++) {
        try (var execution = dense.start(chunks.batch(samples, chunk))) {
          features.forEach(execution::watch);
          Tensor output = execution.runToEnd();
          dense.requireReal(output);
          outputs.put(chunk, output.clone());
          for (int f = 0; f < features.size(); f++) {
            Tensor value = execution.value(features.get(f));
            if (chunk == 0) {
              likes.add(value.clone());
              moments.add(new ArrayList<>());
            }
            int axis = channelAxis(dense, features.get(f), Math.toIntExact(value.dim()));
            moments.get(f).add(ChannelMoments.of(value.to(torch.ScalarType.Double), axis));
          }
        }
      }
      double output = outputVariance(chunks.count() == 1 ? outputs.get(0) : torch.cat(outputs, 0));
      var all = new ArrayList<Feature>();
      for (int f = 0; f < features.size(); f++) {
        Tensor like = likes.get(f);
        int axis = channelAxis(dense, features.get(f), Math.toIntExact(like.dim()));
        double[] variances = ChannelMoments.join(moments.get(f)).variances();
        all.add(Feature.of(features.get(f), axis, like, usable(variances)));
      }
      return new DenseDistance(
          dense, all, options, output > 0 && output < Double.POSITIVE_INFINITY ? output : 1);
    }
  }

  /// Returns the axis of a feature's channels, the inputs of the layers that read it: the second of
  /// what a convolution reads; of a product the one that is summed over, so that samples may lie
  /// along another one; the last of what other layers read.
  private static int channelAxis(LoadedNetwork dense, String feature, int rank) {
    Network network = dense.program().network();
    for (Node node : network.consumers(feature)) {
      boolean isFirst = node.inputs().getFirst().equals(feature);
      if (node.is("Conv") || node.is("ConvTranspose")) {
        return 1;
      }
      if (node.is("Gemm")) {
        return node.integer(isFirst ? "transA" : "transB", 0) == (isFirst ? 0 : 1) ? 1 : 0;
      }
      boolean hasWeightsInFront =
          node.is("MatMul") && network.initializers().containsKey(node.inputs().getFirst());
      if (hasWeightsInFront && rank > 1) {
        return rank - 2;
      }
    }
    return rank - 1;
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
    return new DenseDistance(dense, all, options, scales.getFirst());
  }

  /// Returns the sum over the samples of a batch of the squared distances, each over its scale.
  ///
  /// @param execution an execution of the network that watches the features
  Tensor of(GraphExecution execution, SampleBatch batch) {
    try (var reference = dense.start(batch)) {
      features.forEach(feature -> reference.watch(feature.name));
      Tensor sum = outputDistance(execution.runToEnd(), reference.runToEnd());
      for (Feature feature : features) {
        sum =
            sum.add(
                squaredDistance(
                        execution.value(feature.name).mul(feature.units),
                        reference.value(feature.name).mul(feature.units))
                    .mul(new Scalar(options.featureWeight() / features.size())));
      }
      return sum;
    }
  }

  /// Returns the squared distance of outputs over its scale; values whose squares float32 cannot
  /// represent are divided before they are squared.
  private Tensor outputDistance(Tensor value, Tensor wanted) {
    if (outputScale < GREATEST_SCALE && outputScale > 1 / GREATEST_SCALE) {
      return squaredDistance(value, wanted).mul(new Scalar(options.outputWeight() / outputScale));
    }
    var unit = new Scalar(1 / Math.sqrt(outputScale));
    return squaredDistance(value.mul(unit), wanted.mul(unit))
        .mul(new Scalar(options.outputWeight()));
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
