package falcon.runtime.kernel;

import falcon.runtime.loop.RowItem;

/// The weights of a layer and which of them are kept, that is, not zero.
///
/// Lives while a layer is compiled; the array is the caller's and is read only.

final class LayerWeights {
  private static final int BLOCK = RowItem.BLOCK;

  private final ConvolutionShape shape;
  private final float[] values;

  /// @param values in ONNX's order
  /// @throws IllegalArgumentException if there are more or fewer weights than the shape has
  LayerWeights(ConvolutionShape shape, float[] values) {
    if (values.length != shape.weights()) {
      throw new IllegalArgumentException(
          "%d weights for %s, which has %d".formatted(values.length, shape, shape.weights()));
    }
    this.shape = shape;
    this.values = values;
  }

  ConvolutionShape shape() {
    return shape;
  }

  int outputsOfGroup() {
    return shape.outputs() / shape.groups();
  }

  int inputsOfGroup() {
    return shape.inputs() / shape.groups();
  }

  /// Returns the number of taps of an input channel.
  int taps() {
    return shape.rows().window().size() * shape.columns().window().size();
  }

  float value(int output, int weight) {
    return values[output * shape.weightsOfOutput() + weight];
  }

  boolean isKept(int output, int weight) {
    return value(output, weight) != 0;
  }

  /// Returns whether one of the four output channels keeps the weight.
  boolean isBlockKept(int output, int weight) {
    return isKept(output, weight)
        || isKept(output + 1, weight)
        || isKept(output + 2, weight)
        || isKept(output + 3, weight);
  }

  long kept() {
    long kept = 0;
    for (float value : values) {
      kept += value != 0 ? 1 : 0;
    }
    return kept;
  }

  /// Returns the number of output channels that are in a block of four.
  int blockOutputs() {
    return outputsOfGroup() / BLOCK * BLOCK * shape.groups();
  }

  /// Returns the number of (block, input, tap) triples that are kept.
  long keptBlocks() {
    long kept = 0;
    for (int group = 0; group < shape.groups(); group++) {
      int first = group * outputsOfGroup();
      for (int o = 0; o + BLOCK <= outputsOfGroup(); o += BLOCK) {
        for (int k = 0; k < shape.weightsOfOutput(); k++) {
          kept += isBlockKept(first + o, k) ? 1 : 0;
        }
      }
    }
    return kept;
  }

  /// Returns the number of kept weights of the output channels that are in no block.
  long keptBeside() {
    long kept = 0;
    for (int group = 0; group < shape.groups(); group++) {
      int first = group * outputsOfGroup();
      for (int o = outputsOfGroup() / BLOCK * BLOCK; o < outputsOfGroup(); o++) {
        for (int k = 0; k < shape.weightsOfOutput(); k++) {
          kept += isKept(first + o, k) ? 1 : 0;
        }
      }
    }
    return kept;
  }
}
