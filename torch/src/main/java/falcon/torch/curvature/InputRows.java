package falcon.torch.curvature;

import falcon.torch.Precision;
import falcon.torch.Torch;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// A layer's inputs and wanted outputs themselves, row by row, in the order of chunks: smaller than
/// their products where there are fewer rows than inputs, or very many inputs.
public final class InputRows implements LayerFit, Serializable {
  private static final long serialVersionUID = 1L;

  private final int inputs;
  private final int outputs;
  private final ArrayList<Part> parts = new ArrayList<>();

  /// The rows of one chunk and use.
  private static final class Part implements Serializable {
    private static final long serialVersionUID = 1L;

    /// The inputs `[g, rows, k]`.
    private final float[] x;

    /// The wanted outputs `[g, rows, o]`.
    private final float[] y;

    private final int rows;

    Part(float[] x, float[] y, int rows) {
      this.x = x;
      this.y = y;
      this.rows = rows;
    }
  }

  private InputRows(Tensor x, Tensor y) {
    inputs = Math.toIntExact(x.size(2));
    outputs = Math.toIntExact(y.size(2));
    parts.add(new Part(Torch.floats(x), Torch.floats(y), Math.toIntExact(x.size(1))));
  }

  /// Returns a copy of rows of inputs and wanted outputs.
  ///
  /// @param x `[g, rows, k]`
  /// @param y `[g, rows, o]`
  public static InputRows of(Tensor x, Tensor y) {
    return new InputRows(x, y);
  }

  /// Appends other rows to these.
  ///
  /// @return this
  public InputRows plus(InputRows other) {
    parts.addAll(other.parts);
    return this;
  }

  /// Returns the rows of inputs alone, with no outputs.
  ///
  /// @param x `[g, rows, k]`
  static InputRows ofInputs(Tensor x) {
    return new InputRows(x, x.narrow(2, 0, 0));
  }

  /// @return `[g, rows, k]`, float32, of the innermost scope
  Tensor inputs(int groups) {
    return joined(groups, inputs, part -> part.x);
  }

  /// Returns the products of the rows, computed all at once.
  public InputProducts sums(int groups) {
    try (var _ = new PointerScope()) {
      return InputProducts.of(inputs(groups), joined(groups, outputs, part -> part.y));
    }
  }

  private Tensor joined(int groups, int columns, Function<Part, float[]> values) {
    var tensors = new TensorVector(parts.size());
    for (int p = 0; p < parts.size(); p++) {
      Part part = parts.get(p);
      List<Long> shape = List.of((long) groups, (long) part.rows, (long) columns);
      tensors.put(p, Torch.scoped(values.apply(part), shape, Precision.FLOAT32));
    }
    return torch.cat(tensors, 1);
  }

  /// Returns the number of rows.
  int rows() {
    return parts.stream().mapToInt(part -> part.rows).sum();
  }

  @Override
  public double inputMean(int group, int i) {
    double sum = 0;
    for (Part part : parts) {
      for (int row = 0; row < part.rows; row++) {
        sum += part.x[(group * part.rows + row) * inputs + i];
      }
    }
    return sum / rows();
  }

  @Override
  public double outputMean(int group, int c) {
    double sum = 0;
    for (Part part : parts) {
      for (int row = 0; row < part.rows; row++) {
        sum += part.y[(group * part.rows + row) * outputs + c];
      }
    }
    return sum / rows();
  }

  @Override
  public float[] solve(LeastSquaresSolver solver, Group group, boolean isCentred, float[] present) {
    int rows = rows();
    var x = new float[Math.multiplyExact(rows, inputs)];
    var y = new float[Math.multiplyExact(rows, outputs)];
    int to = 0;
    for (Part part : parts) {
      int from = group.number() * part.rows;
      System.arraycopy(part.x, from * inputs, x, to * inputs, part.rows * inputs);
      System.arraycopy(part.y, from * outputs, y, to * outputs, part.rows * outputs);
      to += part.rows;
    }
    if (isCentred) {
      for (int i = 0; i < inputs; i++) {
        subtract(x, inputs, i, inputMean(group.number(), i));
      }
      for (int c = 0; c < outputs; c++) {
        subtract(y, outputs, c, outputMean(group.number(), c));
      }
    }
    return solver.solve(
        new RowProblem(
            new LayerShape(group.layer().tensorName(), rows, inputs, outputs),
            x,
            y,
            present,
            group::tensorIndex));
  }

  private static void subtract(float[] values, int columns, int column, double mean) {
    for (int at = column; at < values.length; at += columns) {
      values[at] = (float) (values[at] - mean);
    }
  }

  /// Does nothing, since nothing is held outside the Java heap.
  @Override
  public void close() {}
}
