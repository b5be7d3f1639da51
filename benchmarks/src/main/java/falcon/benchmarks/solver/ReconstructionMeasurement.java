package falcon.benchmarks.solver;

import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import falcon.kernel.Kernels;
import falcon.leastsquares.ChannelLeastSquares;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// The time of layer-wise least squares at the sizes of ResNet50's layers, and the error of its
/// weights against a plain float64 solution.
///
/// H is that of rectified mixtures of few signals whose strength falls as 1/j, plus noise: its
/// largest eigenvalue is hundreds of times the mean, its smallest a small fraction of it, as in a
/// network.
final class ReconstructionMeasurement implements Measurement {
  private static final double RIDGE = 1e-3;
  private static final int SIGNALS = 256;
  private static final double NOISE = 0.05;

  @Override
  public String name() {
    return "reconstruction";
  }

  @Override
  public List<Figure> measure(int threads) {
    List<Figure> figures = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      Layer largest = new Layer(4608, 512);
      for (double kept : new double[] {0.1, 0.2, 0.3, 0.5, 0.6}) {
        Timing timing = Timing.of(0, 2, () -> largest.solve(kept, executor));
        figures.add(
            timing.figure(
                "reconstruction.4608x512_kept%d_s".formatted(Math.round(100 * kept)),
                "4,608 inputs, 512 outputs, %d %% kept".formatted(Math.round(100 * kept)),
                1,
                "s",
                "≤ 10"));
      }
      figures.add(largest.errorFigure("reconstruction.relative_error", 0.2, executor));
      figures.add(largest.errorFigure("reconstruction.relative_error_kept50", 0.5, executor));
      int[][] sizes = {{576, 64}, {1152, 512}, {512, 2048}, {2048, 512}};
      for (int[] size : sizes) {
        Layer layer = new Layer(size[0], size[1]);
        figures.add(
            Timing.of(1, 3, () -> layer.solve(0.2, executor))
                .figure(
                    "reconstruction.%dx%d_ms".formatted(size[0], size[1]),
                    "%,d inputs, %,d outputs, 20 %% kept".formatted(size[0], size[1]),
                    1e3,
                    "ms",
                    ""));
      }
    }
    return figures;
  }

  /// A layer whose wanted outputs are those of its present weights.
  private static final class Layer {
    private final int inputs;
    private final int outputs;
    private final double[] gram;
    private final double[] cross;
    private final float[] present;
    private final double[] chance;
    private final ChannelLeastSquares problem;

    Layer(int inputs, int outputs) {
      this.inputs = inputs;
      this.outputs = outputs;
      var random = new SplittableRandom(inputs);
      this.gram = gram(inputs, random);
      this.present = new float[inputs * outputs];
      this.chance = new double[present.length];
      double[] weights = new double[present.length];
      for (int i = 0; i < present.length; i++) {
        present[i] = (float) random.nextGaussian();
        weights[i] = present[i];
        chance[i] = random.nextDouble();
      }
      this.cross = new double[present.length];
      Kernels.active()
          .dense()
          .addProduct(
              gram,
              Block.of(0, inputs),
              transposed(weights),
              Block.of(0, outputs),
              cross,
              Block.of(0, outputs),
              new Extent(inputs, outputs, inputs, false, false));
      this.problem = ChannelLeastSquares.of(inputs, outputs, gram, cross, RIDGE);
    }

    private double[] transposed(double[] weights) {
      double[] transposed = new double[weights.length];
      for (int channel = 0; channel < outputs; channel++) {
        for (int i = 0; i < inputs; i++) {
          transposed[i * outputs + channel] = weights[channel * inputs + i];
        }
      }
      return transposed;
    }

    private static double[] gram(int inputs, SplittableRandom random) {
      int samples = inputs + inputs / 4;
      double[] signals = new double[samples * SIGNALS];
      double[] mixtures = new double[SIGNALS * inputs];
      for (int i = 0; i < signals.length; i++) {
        signals[i] = random.nextGaussian() / (1 + i % SIGNALS);
      }
      for (int i = 0; i < mixtures.length; i++) {
        mixtures[i] = random.nextGaussian();
      }
      double[] x = new double[samples * inputs];
      for (int i = 0; i < x.length; i++) {
        x[i] = NOISE * random.nextGaussian();
      }
      Block rows = Block.of(0, inputs);
      Kernels.active()
          .dense()
          .addProduct(
              signals,
              Block.of(0, SIGNALS).transposed(),
              mixtures,
              rows,
              x,
              rows,
              new Extent(samples, inputs, SIGNALS, false, false));
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.max(0, x[i]);
      }
      double[] gram = new double[inputs * inputs];
      Kernels.active()
          .dense()
          .addProduct(
              x, rows, x, rows, gram, rows, new Extent(inputs, inputs, samples, false, false));
      return gram;
    }

    float[] solve(double kept, ExecutorService executor) {
      IntPredicate isKept = i -> chance[i] < kept;
      return problem.solve(present, isKept, executor);
    }

    Figure errorFigure(String key, double kept, ExecutorService executor) {
      return Figure.single(
          key,
          "largest error of 2 channels' weights over their norm, %d %% kept, against float64"
              .formatted(Math.round(100 * kept)),
          relativeError(kept, executor),
          "",
          "≤ 1e-6");
    }

    /// Returns the relative error of the first and the last channel against Gaussian elimination.
    double relativeError(double kept, ExecutorService executor) {
      float[] solved = solve(kept, executor);
      double error = 0;
      for (int channel : new int[] {0, outputs - 1}) {
        double[] expected = expected(channel, kept);
        double largest = 0;
        double squares = 0;
        for (int i = 0; i < inputs; i++) {
          largest = Math.max(largest, Math.abs(solved[channel * inputs + i] - expected[i]));
          squares += expected[i] * expected[i];
        }
        error = Math.max(error, largest / Math.sqrt(squares));
      }
      return error;
    }

    private double[] expected(int channel, double kept) {
      int[] support =
          IntStream.range(0, inputs).filter(i -> chance[channel * inputs + i] < kept).toArray();
      int m = support.length;
      double[][] a = new double[m][m + 1];
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < m; j++) {
          a[i][j] = gram[support[i] * inputs + support[j]];
        }
        a[i][i] += problem.ridge();
        a[i][m] =
            cross[support[i] * outputs + channel]
                + problem.ridge() * present[channel * inputs + support[i]];
      }
      for (int k = 0; k < m; k++) {
        for (int i = k + 1; i < m; i++) {
          double factor = a[i][k] / a[k][k];
          for (int j = k; j <= m; j++) {
            a[i][j] -= factor * a[k][j];
          }
        }
      }
      double[] expected = new double[inputs];
      for (int i = m - 1; i >= 0; i--) {
        double value = a[i][m];
        for (int j = i + 1; j < m; j++) {
          value -= a[i][j] * expected[support[j]];
        }
        expected[support[i]] = value / a[i][i];
      }
      return expected;
    }
  }
}
