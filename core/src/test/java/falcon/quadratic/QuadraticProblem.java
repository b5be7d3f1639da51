package falcon.quadratic;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.gradients.GradientMatrix;
import falcon.leastsquares.DenseAlgebra;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// A seeded random quadratic with its matrix in plain arrays beside it.
public final class QuadraticProblem implements AutoCloseable {
  final long seed;
  public final CostTable costs;
  public final int rows;
  final double ridge;
  public final double[][] matrix;
  public final float[] dense;
  final double[] residual;
  public final GradientMatrix gradients;
  final Quadratic quadratic;

  public QuadraticProblem(long seed, int rows, double ridge, Integer... layerCounts) {
    this.seed = seed;
    this.rows = rows;
    this.ridge = ridge;
    var builder = CostTable.builder();
    long macs = 1;
    for (int count : List.of(layerCounts)) {
      builder.layer("layer" + macs, count, macs++);
    }
    costs = builder.build();
    int p = costs.weightCount();
    var random = new SplittableRandom(seed);
    matrix = new double[rows][p];
    dense = new float[p];
    residual = new double[rows];
    for (int j = 0; j < p; j++) {
      dense[j] = (float) random.nextGaussian();
    }
    gradients = GradientMatrix.allocate(rows, costs);
    for (int i = 0; i < rows; i++) {
      residual[i] = random.nextGaussian();
      for (int layer = 0; layer < costs.layers().size(); layer++) {
        var of = costs.layers().get(layer);
        var row = new float[of.count()];
        for (int j = 0; j < of.count(); j++) {
          float value = (float) random.nextGaussian();
          matrix[i][of.offset() + j] = value;
          row[j] = value;
        }
        gradients.write(layer, i, Rows.of(row));
      }
    }
    quadratic = Quadratic.of(gradients, dense, residual, ridge);
  }

  /// Returns Q(w) by its formula.
  double value(float[] weights) {
    double value = 0;
    for (int i = 0; i < rows; i++) {
      double error = residual[i];
      for (int j = 0; j < dense.length; j++) {
        error += matrix[i][j] * ((double) weights[j] - dense[j]);
      }
      value += error * error / 2;
    }
    for (int j = 0; j < dense.length; j++) {
      double difference = (double) weights[j] - dense[j];
      value += rows * ridge / 2 * difference * difference;
    }
    return value;
  }

  /// Returns the minimiser of the weights from `from` to `to` − 1 with those not kept at zero and
  /// all weights outside at their dense value: normal equations of the kept weights by Gaussian
  /// elimination.
  double[] minimiser(Mask kept, int from, int to) {
    int[] support = IntStream.range(from, to).filter(kept::isKept).toArray();
    double[] errors = residual.clone();
    for (int i = 0; i < rows; i++) {
      for (int j = from; j < to; j++) {
        if (!kept.isKept(j)) {
          errors[i] -= matrix[i][j] * dense[j];
        }
      }
    }
    int m = support.length;
    double[][] hessian = new double[m][m];
    double[] slope = new double[m];
    for (int a = 0; a < m; a++) {
      for (int b = 0; b < m; b++) {
        for (int i = 0; i < rows; i++) {
          hessian[a][b] += matrix[i][support[a]] * matrix[i][support[b]];
        }
      }
      hessian[a][a] += rows * ridge;
      for (int i = 0; i < rows; i++) {
        slope[a] -= matrix[i][support[a]] * errors[i];
      }
    }
    double[] change = DenseAlgebra.solve(hessian, slope);
    double[] weights = new double[to - from];
    for (int a = 0; a < m; a++) {
      weights[support[a] - from] = dense[support[a]] + change[a];
    }
    return weights;
  }

  Mask randomMask(double keptShare) {
    var random = new SplittableRandom(seed + 1);
    boolean[] kept = new boolean[dense.length];
    for (int j = 0; j < kept.length; j++) {
      kept[j] = random.nextDouble() < keptShare;
    }
    return Mask.ofKept(kept);
  }

  @Override
  public void close() {
    gradients.close();
  }
}
