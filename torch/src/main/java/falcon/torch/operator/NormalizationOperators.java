package falcon.torch.operator;

import falcon.torch.Torch;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Normalisation by means and variances, or by norms.
final class NormalizationOperators {
  private static final float EPSILON = 1e-5f;

  /// First opset in which GroupNormalization has one scale per channel, not per group.
  private static final long SCALE_BY_CHANNEL = 21;

  /// The number that `MeanVarianceNormalization` adds to the standard deviation.
  private static final double DEVIATION_FLOOR = 1e-9;

  private NormalizationOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("BatchNormalization", Operator.of(NormalizationOperators::batch).fresh());
    all.put("InstanceNormalization", Operator.of(NormalizationOperators::instance).fresh());
    all.put("LayerNormalization", Operator.ofSeveral(NormalizationOperators::layer).fresh());
    all.put("GroupNormalization", Operator.of(NormalizationOperators::group).fresh());
    all.put("RMSNormalization", Operator.of(NormalizationOperators::rootMeanSquare));
    all.put("LpNormalization", Operator.of(NormalizationOperators::norm));
    all.put("LRN", Operator.of(NormalizationOperators::localResponse));
    all.put("MeanVarianceNormalization", Operator.of(NormalizationOperators::meanVariance));
  }

  private static Tensor batch(Operands in) {
    if (in.node().integer("training_mode", 0) != 0) {
      throw in.unsupported("it was exported in training mode");
    }
    if (in.node().integer("spatial", 1) == 0) {
      throw in.unsupported("it normalises each position by itself (spatial=0)");
    }
    boolean own = in.batchStatistics();
    in.get(3);
    in.get(4);
    return torch.batch_norm(
        in.x(),
        in.optional(1),
        in.optional(2),
        own ? new TensorOptional() : in.optional(3),
        own ? new TensorOptional() : in.optional(4),
        own,
        0.0,
        in.node().real("epsilon", EPSILON),
        false);
  }

  private static Tensor instance(Operands in) {
    return torch.group_norm(
        in.x(),
        in.x().size(1),
        in.optional(1),
        in.optional(2),
        in.node().real("epsilon", EPSILON),
        false);
  }

  private static Tensor group(Operands in) {
    long groups = in.node().integer("num_groups", 1);
    long channels = in.x().size(1);
    if (groups < 1 || channels % groups != 0) {
      throw in.unsupported("%d channels make no %d groups".formatted(channels, groups));
    }
    boolean byGroup = in.opset() < SCALE_BY_CHANNEL;
    long times = byGroup ? channels / groups : 1;
    return torch.group_norm(
        in.x(),
        groups,
        new TensorOptional(repeated(in.y(), times)),
        new TensorOptional(repeated(in.get(2), times)),
        in.node().real("epsilon", EPSILON),
        false);
  }

  private static Tensor repeated(Tensor each, long times) {
    return times == 1
        ? each
        : each.repeat_interleave(times, new LongOptional(0), new LongOptional());
  }

  /// Computes the normalised values, then the mean and 1 / standard deviation if a node reads them.
  private static List<Tensor> layer(Operands in) {
    Tensor x = in.x();
    int axis = in.axis(-1);
    double epsilon = in.node().real("epsilon", EPSILON);
    long[] normalised = Arrays.copyOfRange(x.shape(), axis, (int) x.dim());
    boolean isPlain =
        Arrays.equals(in.y().shape(), normalised)
            && (!in.has(2) || Arrays.equals(in.get(2).shape(), normalised));
    Tensor result =
        torch.layer_norm(
            x,
            normalised,
            isPlain ? in.optional(1) : new TensorOptional(),
            isPlain ? in.optional(2) : new TensorOptional(),
            epsilon,
            false);
    if (!isPlain) {
      Tensor scaled = result.mul(in.y());
      result = in.has(2) ? scaled.add(in.get(2)) : scaled;
    }
    if (!in.makes(1) && !in.makes(2)) {
      return List.of(result);
    }
    var moments =
        torch.var_mean(x, axesFrom(axis, x.dim()), new ScalarOptional(new Scalar(0)), true);
    Tensor inverse = moments.get0().add(new Scalar(epsilon)).rsqrt();
    return List.of(result, moments.get1().alias(), inverse);
  }

  private static long[] axesFrom(int axis, long rank) {
    var axes = new long[(int) rank - axis];
    Arrays.setAll(axes, i -> i + (long) axis);
    return axes;
  }

  private static Tensor rootMeanSquare(Operands in) {
    Tensor x = in.x();
    Tensor square = x.square().mean(axesFrom(in.axis(-1), x.dim()), true, new ScalarTypeOptional());
    double epsilon = in.node().real("epsilon", EPSILON);
    return x.mul(square.add(new Scalar(epsilon)).rsqrt()).mul(in.y());
  }

  private static Tensor norm(Operands in) {
    Tensor x = in.x();
    long[] axis = {in.axis(-1)};
    ScalarTypeOptional kept = new ScalarTypeOptional();
    Tensor norm =
        in.node().integer("p", 2) == 1
            ? x.abs().sum(axis, true, kept)
            : x.square().sum(axis, true, kept).sqrt();
    return torch.where(norm.eq(new Scalar(0.0)), torch.zeros_like(x), x.div(norm));
  }

  /// Computes y = x / (bias + α/size · Σ x²)^β, with the sum over `size` channels around each.
  private static Tensor localResponse(Operands in) {
    Tensor x = in.x();
    long size = in.node().integer("size", 1);
    long channels = x.size(1);
    var pads = new long[2 * (int) x.dim() - 2];
    pads[pads.length - 2] = (size - 1) / 2;
    pads[pads.length - 1] = size - 1 - (size - 1) / 2;
    Tensor squares = torch.constant_pad_nd(x.square(), pads, new Scalar(0.0));
    Tensor sum = squares.narrow(1, 0, channels);
    for (long i = 1; i < size; i++) {
      sum = sum.add(squares.narrow(1, i, channels));
    }
    double alpha = in.node().real("alpha", 1e-4f);
    Tensor base =
        sum.mul(new Scalar(alpha / size)).add(new Scalar((double) in.node().real("bias", 1)));
    return x.div(base.pow(new Scalar((double) in.node().real("beta", 0.75f))));
  }

  /// Computes y = (x − mean) / (√(mean of x² − mean²) + 1e-9).
  private static Tensor meanVariance(Operands in) {
    long[] axes = Torch.longs(in.node().integers("axes", List.of(0L, 2L, 3L)));
    ScalarTypeOptional kept = new ScalarTypeOptional();
    Tensor centred = in.x().sub(in.x().mean(axes, true, kept));
    Tensor deviation = centred.square().mean(axes, true, kept).sqrt();
    return centred.div(deviation.add(new Scalar(DEVIATION_FLOOR)));
  }
}
