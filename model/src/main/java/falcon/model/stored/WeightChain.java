package falcon.model.stored;

import falcon.model.Tensor;
import falcon.model.WeightStorage;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A constant of a file and the steps that make weights of it.
final class WeightChain implements WeightStorage {
  private final Tensor original;
  private final List<WeightStep> steps;
  private final Tensor weights;

  /// @param original the constant as it was read
  /// @param steps one or more, the first one reads the constant; the last makes floating-point
  ///     numbers
  WeightChain(Tensor original, List<WeightStep> steps) {
    this.original = original;
    this.steps = List.copyOf(steps);
    this.weights = weights(original);
  }

  /// Returns the weights of the constant as it was read.
  Tensor weights() {
    return weights;
  }

  @Override
  public Tensor weights(Tensor stored) {
    float[] values = floats(stored);
    for (WeightStep step : steps) {
      values = step.forward(values);
    }
    Form made = steps.getLast().form();
    return Tensor.ofFloats(made.type(), made.shape(), values);
  }

  @Override
  public Tensor stored(Tensor changed) {
    if (changed.equals(weights)) {
      return original;
    }
    float[] values = changed.toFloats();
    for (WeightStep step : steps.reversed()) {
      values = step.backward(values);
    }
    Tensor nearest =
        original.type().isFloatingPoint()
            ? Tensor.ofFloats(original.type(), original.shape(), values)
            : IntegerRange.tensor(original.type(), original.shape(), values);
    return withOriginalBits(nearest, changed.toFloats(), weights.toFloats());
  }

  /// Returns a stored tensor whose unchanged weights other than zero have the bits that they had.
  private Tensor withOriginalBits(Tensor nearest, float[] now, float[] before) {
    int bytes = original.type().bytes();
    var content = new byte[original.size() * bytes];
    nearest.bytes().get(content);
    ByteBuffer old = original.bytes();
    int[] indexes = storedIndexes();
    for (int i = 0; i < now.length; i++) {
      if (now[i] != 0 && now[i] == before[i]) {
        old.get(indexes[i] * bytes, content, indexes[i] * bytes, bytes);
      }
    }
    return Tensor.ofBytes(original.type(), original.shape(), content);
  }

  @Override
  public List<Long> storedShape() {
    return original.shape();
  }

  @Override
  public int[] storedIndexes() {
    var indexes = new int[original.size()];
    for (int i = 0; i < indexes.length; i++) {
      indexes[i] = i;
    }
    for (WeightStep step : steps) {
      if (step instanceof WeightStep.Arranged arranged) {
        indexes = arranged.moved(indexes);
      }
    }
    return indexes;
  }

  @Override
  public @Nullable BitSet variable() {
    var marks = new float[original.size()];
    java.util.Arrays.fill(marks, 1);
    for (WeightStep step : steps) {
      marks = step.marked(marks);
    }
    var variable = new BitSet(marks.length);
    for (int i = 0; i < marks.length; i++) {
      variable.set(i, marks[i] != 0);
    }
    return variable.cardinality() == marks.length ? null : variable;
  }

  /// Returns the elements of a tensor of any type.
  static float[] floats(Tensor tensor) {
    if (tensor.type().isFloatingPoint()) {
      return tensor.toFloats();
    }
    long[] numbers = tensor.toLongs();
    var values = new float[numbers.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers[i];
    }
    return values;
  }
}
