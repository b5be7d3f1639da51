package falcon.torch;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What stands around a layer in the dense network's graph: where a shift of its outputs can go and what
/// is added to them.
///
/// ```
/// layer output y,  then a·(y − mean) + b (BatchNormalization) or nothing,  then + v or nothing
/// ```
final class LayerSurroundings {
  /// Factors a of BatchNormalization smaller than this share of the largest are not divided by.
  private static final double LEAST_RELATIVE_FACTOR = 1e-3;

  private static final int RUNNING_MEAN = 3;

  private final Network dense;
  private final @Nullable String bias;
  private final @Nullable Node batchNormalization;
  private final @Nullable String otherOperand;

  private LayerSurroundings(
      Network dense,
      @Nullable String bias,
      @Nullable Node batchNormalization,
      @Nullable String otherOperand) {
    this.dense = dense;
    this.bias = bias;
    this.batchNormalization = batchNormalization;
    this.otherOperand = otherOperand;
  }

  /// @throws UnsupportedNetworkException if the layer's bias is not a constant of its own
  static LayerSurroundings of(Network dense, GraphProgram program, LayerMatrix layer) {
    String value = layer.output();
    Node next = onlyConsumer(dense, program, value);
    Node batchNormalization = null;
    if (next != null && next.is("BatchNormalization")) {
      batchNormalization = next;
      value = next.outputs().getFirst();
      next = onlyConsumer(dense, program, value);
    }
    String other = null;
    if (next != null && next.is("Add")) {
      String first = next.inputs().get(0);
      String second = next.inputs().get(1);
      String candidate = first.equals(value) ? second : first;
      boolean isOther = !first.equals(second) && program.producerOf(candidate) >= 0;
      other = isOther && !program.dependsOn(candidate, layer.nodeIndex()) ? candidate : null;
    }
    return new LayerSurroundings(dense, ownBias(dense, layer), batchNormalization, other);
  }

  private static @Nullable Node onlyConsumer(Network network, GraphProgram program, String value) {
    List<Node> consumers = network.consumers(value);
    return program.uses(value) == 1 && consumers.size() == 1 ? consumers.getFirst() : null;
  }

  private static @Nullable String ownBias(Network network, LayerMatrix layer) {
    String bias = layer.bias();
    if (bias == null) {
      return null;
    }
    Tensor tensor = network.initializers().get(bias);
    if (tensor == null
        || tensor.size() != layer.groups() * layer.outputs()
        || network.consumers(bias).size() != 1) {
      throw new UnsupportedNetworkException(
          "the bias '%s' of the layer with weights '%s' is not a constant of its own with one value an output"
              .formatted(bias, layer.tensorName()));
    }
    return bias;
  }

  LayerSurroundings withoutOther() {
    return new LayerSurroundings(dense, bias, batchNormalization, null);
  }

  /// @return v, null if nothing is added or it depends on the layer
  @Nullable String otherOperand() {
    return otherOperand;
  }

  /// @return whether [#applyShift] does anything
  boolean canShift() {
    return bias != null || batchNormalization != null;
  }

  /// 1/a of the dense network, 0 where a is all but zero.
  ///
  /// @return one for each channel, or one for all
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

  /// Makes the layer's product with its weights, plus a shift, stand for the dense layer's output:
  /// BatchNormalization becomes the dense network's, the shift goes into the bias or the running mean.
  ///
  /// @param shift what the layer should add to its product with the weights, one for each output
  void applyShift(float[] shift, Replacements replacements) {
    if (bias != null) {
      replacements.put(bias, shift);
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
