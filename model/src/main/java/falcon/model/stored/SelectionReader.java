package falcon.model.stored;

import falcon.model.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Reads nodes that select parts of a constant.
///
/// Source: ONNX operator specification, opsets 7 to 25.
final class SelectionReader {
  private final Constants constants;

  SelectionReader(Constants constants) {
    this.constants = constants;
  }

  /// Reads a `Slice`, `Split` or `Gather`.
  ///
  /// @param output number of the output that is followed
  /// @param form of the first operand
  /// @return null if what it selects depends on the network's inputs, or contradicts the form
  WeightStep.@Nullable Selected read(Node node, int output, Form form) {
    return switch (node.opType()) {
      case "Slice" -> slice(node, form);
      case "Split" -> split(node, output, form);
      case "Gather" -> gather(node, form);
      default -> null;
    };
  }

  private WeightStep.@Nullable Selected slice(Node node, Form form) {
    int axes = form.shape().size();
    List<Long> starts = numbers(node, 1, "starts");
    List<Long> ends = numbers(node, 2, "ends");
    if (starts == null || ends == null || starts.size() > axes) {
      return null;
    }
    List<Long> all = LongStream.range(0, starts.size()).boxed().toList();
    List<Long> along = isGiven(node, 3, "axes") ? numbers(node, 3, "axes") : all;
    List<Long> steps =
        isGiven(node, 4, "steps")
            ? numbers(node, 4, "steps")
            : Collections.nCopies(starts.size(), 1L);
    if (along == null
        || steps == null
        || ends.size() != starts.size()
        || along.size() != starts.size()
        || steps.size() != starts.size()) {
      return null;
    }
    var indexes = new ArrayList<@Nullable List<Integer>>(Collections.nCopies(axes, null));
    for (int i = 0; i < starts.size(); i++) {
      int axis = axis(along.get(i), axes);
      if (axis < 0 || steps.get(i) == 0 || indexes.get(axis) != null) {
        return null;
      }
      indexes.set(axis, range(form.shape().get(axis), starts.get(i), ends.get(i), steps.get(i)));
    }
    return selected(form, indexes);
  }

  /// Returns the indexes from a start to before an end in steps; both are counted from the end of
  /// the axis if negative, and limited to it.
  private static List<Integer> range(long size, long start, long end, long step) {
    long first = fromFront(start, size, step);
    long last = fromFront(end, size, step);
    var indexes = new ArrayList<Integer>();
    for (long i = first; step > 0 ? i < last : i > last; i = Math.addExact(i, step)) {
      indexes.add(Math.toIntExact(i));
    }
    return indexes;
  }

  private static long fromFront(long index, long size, long step) {
    long counted = index < 0 ? index + size : index;
    return step > 0 ? Math.clamp(counted, 0, size) : Math.clamp(counted, -1, size - 1);
  }

  private WeightStep.@Nullable Selected split(Node node, int output, Form form) {
    int axis = axis(node.integer("axis", 0), form.shape().size());
    if (axis < 0) {
      return null;
    }
    long size = form.shape().get(axis);
    int parts = node.outputs().size();
    long each = Math.ceilDiv(size, (long) parts);
    List<Long> sizes = Collections.nCopies(parts, each);
    if (isGiven(node, 1, "split")) {
      sizes = numbers(node, 1, "split");
      if (sizes == null
          || sizes.size() != parts
          || sizes.stream().anyMatch(part -> part < 0)
          || sizes.stream().reduce(0L, Math::addExact) != size) {
        return null;
      }
    }
    long first = sizes.subList(0, output).stream().mapToLong(Long::longValue).sum();
    long end = Math.min(size, first + sizes.get(output));
    var indexes =
        new ArrayList<@Nullable List<Integer>>(Collections.nCopies(form.shape().size(), null));
    indexes.set(
        axis, IntStream.range(Math.toIntExact(first), Math.toIntExact(end)).boxed().toList());
    return selected(form, indexes);
  }

  private WeightStep.@Nullable Selected gather(Node node, Form form) {
    int axis = axis(node.integer("axis", 0), form.shape().size());
    String name = node.input(1);
    Constants.Value indices = name == null || axis < 0 ? null : constants.value(name);
    long[] numbers = indices == null ? null : constants.longs(node.inputs().get(1));
    if (indices == null || numbers == null) {
      return null;
    }
    long size = form.shape().get(axis);
    var chosen = new ArrayList<Integer>();
    for (long number : numbers) {
      long index = number < 0 ? number + size : number;
      if (index < 0 || index >= size) {
        return null;
      }
      chosen.add(Math.toIntExact(index));
    }
    if (chosen.size() > size) {
      return null; // it repeats elements
    }
    var shape = new ArrayList<>(form.shape().subList(0, axis));
    shape.addAll(indices.form().shape());
    shape.addAll(form.shape().subList(axis + 1, form.shape().size()));
    var indexes =
        new ArrayList<@Nullable List<Integer>>(Collections.nCopies(form.shape().size(), null));
    indexes.set(axis, chosen);
    return new WeightStep.Selected(
        new Form(form.type(), shape), form.shape(), Collections.unmodifiableList(indexes));
  }

  private static WeightStep.Selected selected(Form form, List<@Nullable List<Integer>> indexes) {
    var shape = new ArrayList<Long>();
    for (int axis = 0; axis < indexes.size(); axis++) {
      List<Integer> chosen = indexes.get(axis);
      shape.add(chosen == null ? form.shape().get(axis) : (long) chosen.size());
    }
    return new WeightStep.Selected(
        new Form(form.type(), shape), form.shape(), Collections.unmodifiableList(indexes));
  }

  /// Returns an axis counted from the front; −1 if there is none of this number.
  static int axis(long axis, int axes) {
    return axis < -axes || axis >= axes ? -1 : (int) (axis < 0 ? axis + axes : axis);
  }

  private static boolean isGiven(Node node, int input, String attribute) {
    return node.input(input) != null || node.attributes().containsKey(attribute);
  }

  /// Returns the numbers that an operand holds, or an attribute in older opsets.
  private @Nullable List<Long> numbers(Node node, int input, String attribute) {
    String name = node.input(input);
    if (name == null) {
      return node.attributes().containsKey(attribute) ? node.integers(attribute, List.of()) : null;
    }
    long[] numbers = constants.longs(name);
    return numbers == null ? null : LongStream.of(numbers).boxed().toList();
  }
}
