package falcon.torch.curvature;

import java.util.function.Function;
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
  private final LayerShape shape;
  private final double[] gram;
  private final double[] cross;
  private final float[] present;
  private final IntUnaryOperator tensorIndexes;

  /// The problem of one layer.
  ///
  /// @param shape the weight tensor's name with n, k and o
  /// @param gram H `[k, k]`, row-major, symmetric; handed over
  /// @param cross B `[k, o]`, row-major; handed over
  /// @param present weights `[o, k]`; handed over
  /// @param tensorIndexes of a weight's index in `present` the one in the weight tensor
  public LayerProblem(
      LayerShape shape,
      double[] gram,
      double[] cross,
      float[] present,
      IntUnaryOperator tensorIndexes) {
    this.shape = shape;
    this.gram = gram;
    this.cross = cross;
    this.present = present;
    this.tensorIndexes = tensorIndexes;
  }

  /// Returns the name of the weight tensor with n, k and o.
  public LayerShape shape() {
    return shape;
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

  /// Solves this problem in the units of its inputs, so that a ridge keeps all weights equally near
  /// the present ones, however the inputs are scaled. H and B of this object are
  /// scaled in place and must not be used afterwards.
  ///
  /// @param solver solves a problem in the units of its inputs
  /// @return new weights `[o, k]`, in the units of this problem
  public float[] solvedInInputUnits(Function<LayerProblem, float[]> solver) {
    int k = shape.inputs();
    var diagonal = new double[k];
    for (int i = 0; i < k; i++) {
      diagonal[i] = gram[i * k + i];
    }
    InputUnits inputUnits = InputUnits.of(diagonal, present);
    float[] units = inputUnits.values();
    int o = shape.outputs();
    float[] scaled = present.clone();
    inputUnits.apply(scaled);
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        gram[i * k + j] /= (double) units[i] * units[j];
      }
      for (int c = 0; c < o; c++) {
        cross[i * o + c] /= units[i];
      }
    }
    float[] solved = solver.apply(new LayerProblem(shape, gram, cross, scaled, tensorIndexes));
    inputUnits.undo(solved);
    return solved;
  }

  /// Returns the index in the weight tensor of the weight at `o · k + i` of [#present].
  public int tensorIndex(int index) {
    return tensorIndexes.applyAsInt(index);
  }
}
