package falcon.torch.curvature;

import java.util.function.IntUnaryOperator;

/// Least squares of one layer: which weights give the wanted outputs for the inputs that the layer gets?
///
/// ```
/// H = Σ x xᵀ [k, k],  B = Σ x yᵀ [k, o]     over samples and positions, x and y less their means
/// ```
///
/// Weights are in matrix order `[o, k]`. Holds its arrays; they belong to whoever solves the problem.
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

  /// Name of the weight tensor.
  public String tensorName() {
    return tensorName;
  }

  /// k.
  public int inputs() {
    return inputs;
  }

  /// o.
  public int outputs() {
    return outputs;
  }

  /// H, `[k, k]`, row-major.
  public double[] gram() {
    return gram;
  }

  /// B, `[k, o]`, row-major.
  public double[] cross() {
    return cross;
  }

  /// Present weights `[o, k]`.
  public float[] present() {
    return present;
  }

  /// Index in the weight tensor of the weight at `o · k + i` of [#present].
  public int tensorIndex(int index) {
    return tensorIndexes.applyAsInt(index);
  }
}
