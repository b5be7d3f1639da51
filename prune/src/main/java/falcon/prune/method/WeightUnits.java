package falcon.prune.method;

import falcon.budget.CostTable;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.curvature.ChannelDescent;
import falcon.torch.execution.GraphProgram;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.layer.WeightOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The units in which weights of different inputs, outputs and layers are compared. The saliency of
/// a weight is the square of the weight times its unit.
///
/// ```
/// saliency_ij = w_ij² c_j² / Σ_j (w_ij c_j)²  ·  F_i^γ  ·  k^φ     layer [o, k], output i, input j
/// F_i         = Σ_j w_ij² d_ij           d: mean squared slopes of the outputs (OutputSensitivity)
/// c_j²        = (h_j n_j)^β / n_j        h_j: second moment of the input,
///                                        n_j: sum of the squares of its weights, in rows of norm 1
/// ```
///
/// Nothing of it depends on how a network is scaled: an output times s and what reads it over s, or
/// a BatchNormalization folded into its layer, leave each factor as it was. The first factor is a
/// weight's share of its output, the second what the output does to the network's outputs, the
/// third counts a share among many inputs for more. c and the rows' norms depend on each other and
/// are found in turn. With β = γ = 1 the saliency is that of optimal brain damage (LeCun et al.
/// 1990) with a second moment for each input; both at ½ are the geometric mean of that and of
/// shares that take all inputs and outputs for equal.
///
/// Source: ours; figures in `docs/results/scaling.md`.
final class WeightUnits {
  /// Number of times that rows and columns are scaled in turn.
  private static final int ROUNDS = 10;

  /// Number of samples that the mean of a layer counts for in what is measured of each of its
  /// inputs and outputs: what some samples never use is not useless.
  private static final double PRIOR_SAMPLES = 4;

  private WeightUnits() {}

  /// Returns the units of the weights of a network.
  ///
  /// @param dense the network whose weights they are
  /// @return `[p]`, zero or more
  static float[] of(Network dense, SaliencyRule rule, CostTable costs, Evidence evidence) {
    var units = new float[costs.weightCount()];
    GraphProgram program = program(dense);
    var layers = new ArrayList<LayerRows>();
    for (CostTable.Layer layer : costs.layers()) {
      Tensor tensor = dense.tensor(layer.name());
      ChannelDescent descent =
          evidence.descents().stream()
              .filter(d -> d.tensorName().equals(layer.name()))
              .findFirst()
              .orElse(null);
      float[] slopes = evidence.sensitivity().getOrDefault(layer.name(), new float[0]);
      layers.add(
          descent == null
              ? LayerRows.equal(
                  tensor, order(program, layer.name(), tensor), slopes, evidence.samples())
              : new LayerRows(
                  descent.order(),
                  tensor.toFloats(),
                  descent.inputUnits(),
                  slopes,
                  evidence.samples()));
    }
    double usual =
        layers.stream()
            .flatMapToDouble(rows -> Arrays.stream(rows.importance))
            .filter(Double::isFinite)
            .average()
            .orElse(0);
    for (int l = 0; l < layers.size(); l++) {
      CostTable.Layer layer = costs.layers().get(l);
      double cost = Math.pow((double) Math.max(1, layer.macsPerWeight()), rule.cost());
      layers.get(l).write(rule, usual, cost, units, layer.offset());
    }
    return units;
  }

  /// Returns the units of weights of which nothing was measured: all inputs count the same, and so
  /// do all outputs. Nothing is executed.
  ///
  /// @return `[p]`, zero or more
  static float[] ofWeightsAlone(Network dense, SaliencyRule rule, CostTable costs) {
    return of(dense, rule, costs, new Evidence(List.of(), Map.of(), 0));
  }

  /// @return null if the network has nodes that cannot be executed; its weights are pruned all the
  ///     same
  private static @Nullable GraphProgram program(Network network) {
    try {
      return new GraphProgram(network);
    } catch (UnsupportedNetworkException _) {
      return null;
    }
  }

  /// Returns the order of a layer's weights in its products, with rows along the tensor's first
  /// axis where it is not known how the network uses them.
  private static WeightOrder order(
      @Nullable GraphProgram program, String tensorName, Tensor tensor) {
    LayerMatrix matrix = program == null ? null : LayerMatrix.solvable(program, tensorName);
    if (matrix != null) {
      return matrix.order();
    }
    int outputs = Math.toIntExact(tensor.shape().getFirst());
    return WeightOrder.ofMatrices(1, outputs, tensor.size() / outputs, false);
  }

  /// What was measured on some samples.
  ///
  /// @param descents the least squares of the layers, of which the moments of the inputs are taken;
  ///     where a layer has none, its inputs count as equal
  /// @param sensitivity d of each layer's weights; a layer on which no output depends takes the
  ///     mean of the others
  /// @param samples number of samples
  record Evidence(List<ChannelDescent> descents, Map<String, float[]> sensitivity, int samples) {}

  /// The rows of a layer: the weights of one output each.
  private static final class LayerRows {
    private final WeightOrder order;
    private final float[] weights;

    /// Root mean squares of the inputs, `[g, k]`, relative to each other.
    private final float[] inputs;

    /// F of each row; zero or not finite where it is not known.
    private final double[] importance;

    private final int samples;

    private LayerRows(
        WeightOrder order, float[] weights, float[] inputs, float[] sensitivity, int samples) {
      this.order = order;
      this.weights = weights;
      this.inputs = inputs;
      this.samples = samples;
      this.importance = new double[order.groups() * order.outputs()];
      if (sensitivity.length > 0) {
        for (int row = 0; row < importance.length; row++) {
          for (int at : order.indexes(row, 1)) {
            importance[row] += (double) weights[at] * weights[at] * sensitivity[at];
          }
        }
      }
      double mean = Arrays.stream(importance).average().orElse(0);
      for (int row = 0; row < importance.length; row++) {
        importance[row] = nearerToMean(importance[row], mean);
      }
    }

    private double nearerToMean(double value, double mean) {
      return (samples * value + PRIOR_SAMPLES * mean) / (samples + PRIOR_SAMPLES);
    }

    /// Returns the rows of a layer whose inputs all count the same.
    static LayerRows equal(Tensor tensor, WeightOrder order, float[] sensitivity, int samples) {
      var inputs = new float[order.groups() * order.rowLength()];
      Arrays.fill(inputs, 1);
      return new LayerRows(order, tensor.toFloats(), inputs, sensitivity, samples);
    }

    /// Writes the layer's units from a place on.
    ///
    /// @param usual mean of F over all layers; 0 if it is not known
    /// @param cost factor of all saliencies of the layer
    void write(SaliencyRule rule, double usual, double cost, float[] units, int offset) {
      int k = order.rowLength();
      double mean = Arrays.stream(importance).average().orElse(0);
      boolean isKnown = mean > 0 && Double.isFinite(mean);
      double layerFactor = cost * Math.pow(k, rule.fanIn());
      for (int group = 0; group < order.groups(); group++) {
        double[] columns = columns(rule, group);
        for (int output = 0; output < order.outputs(); output++) {
          int row = group * order.outputs() + output;
          int[] indexes = order.indexes(row, 1);
          double norm = norm(indexes, columns);
          double relative = isKnown && usual > 0 ? importance[row] / usual : 1;
          double factor =
              norm > 0 ? Math.sqrt(layerFactor * Math.pow(relative, rule.outputs())) / norm : 0;
          for (int i = 0; i < k; i++) {
            units[offset + indexes[i]] = finite(columns[i] * factor);
          }
        }
      }
    }

    /// Returns a unit as float32 holds it: weights of next to nothing have one beyond.
    private static float finite(double unit) {
      return Double.isNaN(unit) ? 0 : (float) Math.min(unit, Float.MAX_VALUE);
    }

    /// Returns c of a group's inputs, `[k]`.
    private double[] columns(SaliencyRule rule, int group) {
      int k = order.rowLength();
      var columns = new double[k];
      Arrays.fill(columns, 1);
      if (rule.columns() == SaliencyRule.EQUAL_COLUMNS) {
        return columns;
      }
      int channels = order.channels();
      var moments = new double[channels];
      for (int i = 0; i < k; i++) {
        double input = inputs[group * k + i];
        moments[i % channels] += input * input / order.taps();
      }
      for (int round = 0; round < ROUNDS; round++) {
        var sums = new double[channels];
        for (int output = 0; output < order.outputs(); output++) {
          int[] indexes = order.indexes(group * order.outputs() + output, 1);
          double norm = norm(indexes, columns);
          for (int i = 0; i < k && norm > 0; i++) {
            double share = weights[indexes[i]] / norm;
            sums[i % channels] += share * share;
          }
        }
        var powers = new double[channels]; // h n, which no unit changes
        for (int c = 0; c < channels; c++) {
          powers[c] = moments[c] * sums[c];
        }
        double mean = Arrays.stream(powers).average().orElse(0);
        for (int i = 0; i < k; i++) {
          double sum = sums[i % channels];
          columns[i] =
              sum > 0
                  ? Math.sqrt(
                      Math.pow(nearerToMean(powers[i % channels], mean), rule.columns()) / sum)
                  : 0;
        }
      }
      return columns;
    }

    private double norm(int[] indexes, double[] columns) {
      double sum = 0;
      for (int i = 0; i < indexes.length; i++) {
        double value = weights[indexes[i]] * columns[i];
        sum += value * value;
      }
      return Math.sqrt(sum);
    }
  }
}
