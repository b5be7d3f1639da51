package falcon.model.stored;

import falcon.model.Tensor;
import falcon.model.WeightStorage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Constants of a file and the steps that make weights of them.
final class DerivedWeights implements WeightStorage {
  private final Derivation derivation;
  private final SequencedMap<String, Tensor> originals = new LinkedHashMap<>();
  private final Tensor weights;

  /// @param derivation how the weights, floating-point numbers, are made
  /// @param constants those of the file
  DerivedWeights(Derivation derivation, Map<String, Tensor> constants) {
    this.derivation = derivation;
    var names = new LinkedHashSet<String>();
    derivation.addSources(names);
    names.forEach(name -> originals.put(name, Objects.requireNonNull(constants.get(name))));
    this.weights = weights(originals);
  }

  /// Returns the weights of the constants as they were read.
  Tensor weights() {
    return weights;
  }

  private Tensor weights(Map<String, Tensor> constants) {
    float[] values = derivation.values(name -> floats(Objects.requireNonNull(constants.get(name))));
    Form form = derivation.form();
    return Tensor.ofFloats(form.type(), form.shape(), values);
  }

  @Override
  public Tensor nearest(Tensor wanted) {
    return weights(stored(wanted, originals));
  }

  @Override
  public SequencedMap<String, Tensor> stored(Tensor changed, Map<String, Tensor> constants) {
    var all = new LinkedHashMap<String, Tensor>();
    originals.keySet().forEach(name -> all.put(name, Objects.requireNonNull(constants.get(name))));
    if (changed.equals(weights)) {
      return all;
    }
    float[] now = changed.toFloats();
    float[] before = weights.toFloats();
    derivation.undo(
        now.clone(),
        numbered(now.length),
        (name, values, numbers) ->
            all.computeIfPresent(
                name, (_, tensor) -> changed(tensor, values, numbers, now, before)));
    return all;
  }

  /// Returns a stored tensor with the elements of weights that changed or are zero; all others have
  /// the bits that they had.
  private static Tensor changed(
      Tensor tensor, float[] values, int[] numbers, float[] now, float[] before) {
    Tensor nearest =
        tensor.type().isFloatingPoint()
            ? Tensor.ofFloats(tensor.type(), tensor.shape(), values)
            : IntegerRange.tensor(tensor.type(), tensor.shape(), values);
    int bytes = tensor.type().bytes();
    var content = new byte[tensor.size() * bytes];
    tensor.bytes().get(content);
    ByteBuffer fresh = nearest.bytes();
    for (int i = 0; i < numbers.length; i++) {
      int weight = numbers[i] - 1;
      if (weight >= 0 && (now[weight] == 0 || now[weight] != before[weight])) {
        fresh.get(i * bytes, content, i * bytes, bytes);
      }
    }
    return Tensor.ofBytes(tensor.type(), tensor.shape(), content);
  }

  @Override
  public SequencedMap<String, List<Long>> constants() {
    var shapes = new LinkedHashMap<String, List<Long>>();
    originals.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    return shapes;
  }

  @Override
  public SequencedMap<String, int[]> weightByElement() {
    var found = new LinkedHashMap<String, int[]>();
    originals.forEach((name, tensor) -> {
      var none = new int[tensor.size()];
      Arrays.fill(none, -1);
      found.put(name, none);
    });
    int size = derivation.form().size();
    derivation.undo(
        new float[size],
        numbered(size),
        (name, _, numbers) -> {
          int[] weight = Objects.requireNonNull(found.get(name));
          for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] > 0) {
              weight[i] = numbers[i] - 1;
            }
          }
        });
    return found;
  }

  private static int[] numbered(int size) {
    var numbers = new int[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = i + 1;
    }
    return numbers;
  }

  @Override
  public @Nullable BitSet variable() {
    float[] marks = derivation.marks();
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
