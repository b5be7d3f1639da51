package falcon.torch.curvature;

import java.util.function.IntUnaryOperator;

/// The least-squares problem of one layer: the weights that best reproduce the wanted outputs from
/// the layer's inputs.
///
/// ```
/// H = Σ x xᵀ [k, k],  B = Σ x yᵀ [k, o]     over samples and positions, x and y minus their means
/// ```
///
/// Weights are in matrix order `[o, k]`. The arrays are not copied; they belong to the solver of
/// the problem.
public final class LayerProblem {
  private final String tensorName;
  private final int inputs;
  private final int outputs;
  private final double[] gram;
  private final double[] cross;
  private final float[] present;
  private final IntUnaryOperator tensorIndexes;

  /// The problem of one layer.
  ///
  /// @param inputs k
  /// @param outputs o
  /// @param gram H `[k, k]`, row-major, symmetric; handed over
  /// @param cross B `[k, o]`, row-major; handed over
  /// @param present weights `[o, k]`; handed over
  /// @param tensorIndexes of a weight's index in `present` the one in the weight tensor
  public LayerProblem(
      String tensorName,
      int inputs,
      int outputs,
      double[] gram,
      double[] cross,
      float[] present,
      IntUnaryOperator tensorIndexes) {
    this.tensorName = tensorName;
    this.inputs = inputs;
    this.outputs = outputs;
    this.gram = gram;
    this.cross = cross;
    this.present = present;
    this.tensorIndexes = tensorIndexes;
  }

  /// Returns the name of the weight tensor.
  public String tensorName() {
    return tensorName;
  }

  /// Returns the number of inputs, k.
  public int inputs() {
    return inputs;
  }

  /// Returns the number of outputs, o.
  public int outputs() {
    return outputs;
  }

  /// Returns H, `[k, k]`, row-major; not copied.
  public double[] gram() {
    return gram;
  }

  /// Returns B, `[k, o]`, row-major; not copied.
  public double[] cross() {
    return cross;
  }

  /// Returns the present weights `[o, k]`; not copied.
  public float[] present() {
    return present;
  }

  /// Returns the index in the weight tensor of the weight at `o · k + i` of [#present].
  public int tensorIndex(int index) {
    return tensorIndexes.applyAsInt(index);
  }
}
