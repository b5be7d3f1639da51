package falcon.torch.reconstruction;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.Replacements;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.layer.WeightOrder;
import falcon.torch.operator.Recurrent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The neighbourhood of a layer in the dense network's graph: the place for a shift of its outputs,
/// and the value that is added to them.
///
/// ```
/// layer output y,  then + bias or nothing,  then a·(y − mean) + b (BatchNormalization) or nothing,
/// then + v or nothing
/// ```
///
/// A shift is applied only where it changes nothing else: not where weights have several uses, nor
/// to a bias or statistics that other nodes read, too.
public final class LayerNeighbourhood {
  /// Least factor a of BatchNormalization, as a share of the largest, that is divided by.
  private static final double LEAST_RELATIVE_FACTOR = 1e-3;

  private static final int RUNNING_MEAN = 3;

  /// A bias of the layer that takes the shift.
  ///
  /// @param isInOutput whether the layer's output includes it
  /// @param block number of consecutive outputs in each run of `every` values; all outputs for a
  ///     plain bias
  /// @param every distance from a block to the next, in values
  /// @param first index of the first value
  private record Bias(String tensor, boolean isInOutput, int block, int every, int first) {
    int index(int output) {
      return first + output / block * every + output % block;
    }
  }

  private final Network dense;
  private final @Nullable Bias bias;
  private final @Nullable Node batchNormalization;
  private final @Nullable String otherOperand;

  private LayerNeighbourhood(
      Network dense,
      @Nullable Bias bias,
      @Nullable Node batchNormalization,
      @Nullable String otherOperand) {
    this.dense = dense;
    this.bias = bias;
    this.batchNormalization = batchNormalization;
    this.otherOperand = otherOperand;
  }

  static LayerNeighbourhood of(GraphProgram program, LayerMatrix layer) {
    Network dense = program.network();
    LayerMatrix.Use use = layer.products().getFirst();
    if (layer.uses().size() != 1) {
      return new LayerNeighbourhood(dense, null, null, null);
    }
    WeightOrder order = layer.order();
    int outputs = order.groups() * order.outputs();
    if (use.isRecurrent()) {
      return new LayerNeighbourhood(dense, recurrentBias(program, use, outputs), null, null);
    }
    Bias bias = ownBias(program, use, outputs);
    String value = use.output();
    Node next = onlyConsumer(program, value);
    String added = addedVector(program, use, next, value, outputs);
    if (added != null && next != null) {
      if (biasOperand(use) == null && isOwn(program, added)) {
        bias = new Bias(added, false, outputs, outputs, 0);
      }
      value = next.outputs().getFirst();
      next = onlyConsumer(program, value);
    }
    Node batchNormalization = null;
    if (next != null && isSurelyAlong(next, use, value) && hasOwnStatistics(program, next)) {
      batchNormalization = next;
      value = next.outputs().getFirst();
      next = onlyConsumer(program, value);
    }
    String other = otherOperand(program, use, value, next);
    return new LayerNeighbourhood(dense, bias, batchNormalization, other);
  }

  private static @Nullable Node onlyConsumer(GraphProgram program, String value) {
    List<Node> consumers = program.network().consumers(value);
    return program.uses(value) == 1 && consumers.size() == 1 ? consumers.getFirst() : null;
  }

  /// Returns the name of the operand that the layer's node adds to its product, null if there is
  /// none.
  public static @Nullable String biasOperand(LayerMatrix.Use use) {
    return use.node().is("MatMul") || use.isRecurrent() ? null : use.node().input(2);
  }

  private static boolean isOwn(GraphProgram program, String tensor) {
    Tensor constant = program.network().initializers().get(tensor);
    return constant != null && constant.type().isFloatingPoint() && program.uses(tensor) == 1;
  }

  private static @Nullable Bias ownBias(GraphProgram program, LayerMatrix.Use use, int outputs) {
    String name = biasOperand(use);
    if (name == null || !isOwn(program, name)) {
      return null;
    }
    boolean fits =
        program.network().tensor(name).size() == outputs
            && use.geometry().outputAxis() != -2
            && use.node().real("beta", 1) == 1;
    return fits ? new Bias(name, true, outputs, outputs, 0) : null;
  }

  /// Returns the bias in `[directions, 2 · gates · hidden]`: first those of the input weights, then
  /// the recurrent ones.
  private static @Nullable Bias recurrentBias(
      GraphProgram program, LayerMatrix.Use use, int outputs) {
    String name = use.node().input(3);
    if (name == null || !isOwn(program, name)) {
      return null;
    }
    int block = outputs / Recurrent.directions(use.node());
    return new Bias(name, false, block, 2 * block, use.operand() == 1 ? 0 : block);
  }

  /// Returns the name of a constant with one value per output that the next node adds, null if
  /// there is none.
  private static @Nullable String addedVector(
      GraphProgram program, LayerMatrix.Use use, @Nullable Node next, String value, int outputs) {
    if (next == null || !next.is("Add")) {
      return null;
    }
    String other = next.inputs().get(next.inputs().getFirst().equals(value) ? 1 : 0);
    Tensor constant = program.network().initializers().get(other);
    int axis = use.geometry().outputAxis();
    boolean fits =
        constant != null
            && constant.size() == outputs
            && constant.shape().size() >= -axis
            && constant.shape().get(constant.shape().size() + axis) == outputs;
    return fits ? other : null;
  }

  /// Returns whether the node is a BatchNormalization of the layer's outputs, whatever the number
  /// of axes.
  private static boolean isSurelyAlong(Node next, LayerMatrix.Use use, String value) {
    boolean isAlongFirst = use.node().is("Conv") || use.node().is("ConvTranspose");
    boolean isMatrix = use.node().is("Gemm") && use.geometry().outputAxis() == -1;
    return next.is("BatchNormalization")
        && next.inputs().getFirst().equals(value)
        && (isAlongFirst || isMatrix);
  }

  private static boolean hasOwnStatistics(GraphProgram program, Node batchNormalization) {
    return batchNormalization.inputs().stream().skip(1).allMatch(name -> isOwn(program, name));
  }

  private static @Nullable String otherOperand(
      GraphProgram program, LayerMatrix.Use use, String value, @Nullable Node next) {
    if (next == null || !next.is("Add")) {
      return null;
    }
    String first = next.inputs().get(0);
    String second = next.inputs().get(1);
    String candidate = first.equals(value) ? second : first;
    boolean isOther = !first.equals(second) && program.producerOf(candidate) >= 0;
    return isOther && !program.dependsOn(candidate, use.nodeIndex()) ? candidate : null;
  }

  LayerNeighbourhood withoutOther() {
    return new LayerNeighbourhood(dense, bias, batchNormalization, null);
  }

  /// Returns the name of v, null if nothing is added or it depends on the layer.
  @Nullable String otherOperand() {
    return otherOperand;
  }

  /// Returns whether [#applyShift] changes anything.
  boolean canShift() {
    return bias != null || batchNormalization != null;
  }

  /// Returns whether the layer's node adds a bias that stays unchanged.
  boolean keepsBias(LayerMatrix.Use use) {
    return biasOperand(use) != null && bias == null;
  }

  /// Returns whether [#inverseFactors] has one factor per channel.
  boolean isPerChannel() {
    return batchNormalization != null;
  }

  /// Returns 1/a of the dense network, 0 where a is almost zero.
  ///
  /// @return one factor per channel, or one for all
  float[] inverseFactors() {
    if (batchNormalization == null) {
      return new float[] {1};
    }
    Node node = batchNormalization;
    float[] scale = dense.tensor(node.inputs().get(1)).toFloats();
    float[] variance = dense.tensor(node.inputs().get(4)).toFloats();
    float epsilon = node.real("epsilon", 1e-5f);
    double largest = 0;
    for (int c = 0; c < scale.length; c++) {
      scale[c] /= (float) Math.sqrt(variance[c] + epsilon);
      largest = Math.max(largest, Math.abs(scale[c]));
    }
    var inverse = new float[scale.length];
    for (int c = 0; c < scale.length; c++) {
      inverse[c] = Math.abs(scale[c]) > LEAST_RELATIVE_FACTOR * largest ? 1 / scale[c] : 0f;
    }
    return inverse;
  }

  /// Adjusts the network so that the layer's product with its weights, plus a shift, replaces the
  /// dense layer's output: BatchNormalization becomes the dense network's, the shift is added to
  /// the bias or the running mean.
  ///
  /// @param shift values that the layer adds to its product with the weights, one per output
  void applyShift(float[] shift, Replacements replacements) {
    if (bias != null) {
      float[] wanted = dense.tensor(bias.tensor()).toFloats();
      float[] values = replacements.values(bias.tensor());
      for (int c = 0; c < shift.length; c++) {
        int index = bias.index(c);
        values[index] = bias.isInOutput() ? shift[c] : wanted[index] + shift[c];
      }
      replacements.put(bias.tensor(), values);
    }
    if (batchNormalization != null) {
      List<String> inputs = batchNormalization.inputs();
      for (String name : inputs.subList(1, inputs.size())) {
        float[] values = dense.tensor(name).toFloats();
        if (bias == null && name.equals(inputs.get(RUNNING_MEAN))) {
          for (int c = 0; c < values.length; c++) {
            values[c] -= shift[c];
          }
        }
        replacements.put(name, values);
      }
    }
  }
}
