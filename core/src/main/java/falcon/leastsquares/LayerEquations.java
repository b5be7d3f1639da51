package falcon.leastsquares;

import falcon.kernel.Chunks;
import falcon.kernel.DenseKernels;
import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import falcon.kernel.Kernels;
import java.util.concurrent.ExecutorService;

/// The normal equations that the channels of a layer share: H, B and the ridge. The arrays are not
/// copied, and nobody changes them.
final class LayerEquations {
  /// Number of columns of a product in one chunk.
  private static final int STRIP = 256;

  private final DenseKernels dense = Kernels.active().dense();
  private final int inputs;
  private final int outputs;
  private final double[] gram;
  private final double[] cross;
  private final double ridge;
  private final double meanDiagonal;

  /// @param gram H `[k, k]`, row-major, symmetric
  /// @param cross Bᵀ `[o, k]`, row-major
  LayerEquations(int inputs, int outputs, double[] gram, double[] cross, double relativeRidge) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.gram = gram;
    this.cross = cross;
    double trace = 0;
    for (int i = 0; i < inputs; i++) {
      trace += gram[i * inputs + i];
    }
    this.meanDiagonal = trace / inputs;
    this.ridge = relativeRidge * meanDiagonal;
  }

  int inputs() {
    return inputs;
  }

  int outputs() {
    return outputs;
  }

  double[] gram() {
    return gram;
  }

  double ridge() {
    return ridge;
  }

  double meanDiagonal() {
    return meanDiagonal;
  }

  /// Returns an upper bound of the condition number of `H + κI`, from H's trace; infinite without a
  /// ridge.
  double greatestCondition() {
    return 1 + inputs * meanDiagonal / ridge;
  }

  /// Returns the entry `input` of row `channel` of Bᵀ plus `κ w⁰`: the right-hand side of the
  /// channel's equations.
  double rightSide(int channel, int input, float[] present, double kappa) {
    int at = channel * inputs + input;
    return cross[at] + kappa * present[at];
  }

  /// Returns the entry (channel, input) of Bᵀ.
  double cross(int channel, int input) {
    return cross[channel * inputs + input];
  }

  /// Computes `sum += X M`; terms are added in the order of M's rows.
  ///
  /// @param x `[rows, k]`, row-major
  /// @param matrix M `[k, k]`, row-major
  /// @param sum `[rows, k]`
  void addProduct(double[] x, int rows, double[] matrix, double[] sum, ExecutorService executor) {
    Block rowMajor = Block.of(0, inputs);
    Chunks.run(
        executor,
        (inputs + STRIP - 1) / STRIP,
        strip -> {
          int left = strip * STRIP;
          dense.addProduct(
              x,
              rowMajor.transposed(),
              matrix,
              Block.of(left, inputs),
              sum,
              Block.of(left, inputs),
              new Extent(rows, Math.min(STRIP, inputs - left), inputs, false, false));
        });
  }
}
