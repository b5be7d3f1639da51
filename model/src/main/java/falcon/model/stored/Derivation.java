package falcon.model.stored;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SequencedSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How a value is made of constants of the file, by steps that can be undone: a tree whose leaves
/// are constants.
sealed interface Derivation {
  /// Returns the name of the value.
  String value();

  /// Returns type and shape of the value.
  Form form();

  /// Returns a number that values have in common if they are made of the same constants in the same
  /// way.
  int key();

  /// Returns the number of nodes and constants in the tree.
  int nodes();

  /// Returns why weights cannot be changed through the steps; null if they can.
  @Nullable String refusal();

  /// Adds the names of the constants that the value is made of.
  void addSources(SequencedSet<String> names);

  /// Computes the elements of the value.
  ///
  /// @param source elements of a constant by its name, in an array that may be overwritten
  float[] values(Function<String, float[]> source);

  /// Returns marks of the elements, which move with them: 0 where a step makes zero of anything,
  /// otherwise 1.
  float[] marks();

  /// Finds the elements of constants that make these elements of the value, or the nearest to them
  /// that they can make.
  ///
  /// @param values elements of the value, row-major; may be overwritten
  /// @param numbers a number for each element, above 0 where it is wanted; may be overwritten
  void undo(float[] values, int[] numbers, Sink sink);

  /// Takes the elements of a constant.
  @FunctionalInterface
  interface Sink {
    /// @param values by element of the constant; they count where the number is above 0
    /// @param numbers of the elements of the value that they make
    void accept(String constant, float[] values, int[] numbers);
  }

  /// A constant.
  record Source(String value, Form form, int key) implements Derivation {
    @Override
    public int nodes() {
      return 1;
    }

    @Override
    public @Nullable String refusal() {
      return null;
    }

    @Override
    public void addSources(SequencedSet<String> names) {
      names.add(value);
    }

    @Override
    public float[] values(Function<String, float[]> source) {
      return source.apply(value);
    }

    @Override
    public float[] marks() {
      var marks = new float[form.size()];
      Arrays.fill(marks, 1);
      return marks;
    }

    @Override
    public void undo(float[] values, int[] numbers, Sink sink) {
      sink.accept(value, values, numbers);
    }
  }

  /// What a node makes of one value.
  record Made(Link link, Derivation from, int key) implements Derivation {
    @Override
    public String value() {
      return link.value();
    }

    @Override
    public Form form() {
      return link.step().form();
    }

    @Override
    public int nodes() {
      return from.nodes() + 1;
    }

    @Override
    public @Nullable String refusal() {
      String earlier = from.refusal();
      return earlier != null || isQuantisedInside(from) ? earlier : link.refusal();
    }

    /// Returns whether the constants hold real numbers that a step quantises.
    private static boolean isQuantisedInside(Derivation derivation) {
      return switch (derivation) {
        case Source _ -> false;
        case Made made ->
            made.link.step() instanceof WeightStep.Quantized || isQuantisedInside(made.from);
        case Joined joined -> joined.parts.stream().allMatch(Made::isQuantisedInside);
      };
    }

    @Override
    public void addSources(SequencedSet<String> names) {
      from.addSources(names);
    }

    @Override
    public float[] values(Function<String, float[]> source) {
      return link.step().forward(from.values(source));
    }

    @Override
    public float[] marks() {
      return link.step().marked(from.marks());
    }

    @Override
    public void undo(float[] values, int[] numbers, Sink sink) {
      WeightStep step = link.step();
      int[] before = step instanceof WeightStep.Moved moved ? moved.back(numbers) : numbers;
      from.undo(step.backward(values), before, sink);
    }
  }

  /// Values that `Concat` puts side by side.
  ///
  /// @param node the `Concat`
  record Joined(Node node, Form form, int axis, List<Derivation> parts, int key)
      implements Derivation {
    @Override
    public String value() {
      return node.outputs().getFirst();
    }

    @Override
    public int nodes() {
      return parts.stream().mapToInt(Derivation::nodes).sum() + 1;
    }

    @Override
    public @Nullable String refusal() {
      return parts.stream()
          .map(Derivation::refusal)
          .filter(Objects::nonNull)
          .findFirst()
          .orElse(null);
    }

    @Override
    public void addSources(SequencedSet<String> names) {
      parts.forEach(part -> part.addSources(names));
    }

    @Override
    public float[] values(Function<String, float[]> source) {
      return joined(part -> part.values(source));
    }

    @Override
    public float[] marks() {
      return joined(Derivation::marks);
    }

    private float[] joined(Function<Derivation, float[]> elements) {
      var all = new float[form.size()];
      int row = row(form);
      int column = 0;
      for (Derivation part : parts) {
        float[] values = elements.apply(part);
        int width = row(part.form());
        for (int i = 0; i < values.length / Math.max(1, width); i++) {
          System.arraycopy(values, i * width, all, i * row + column, width);
        }
        column += width;
      }
      return all;
    }

    @Override
    public void undo(float[] values, int[] numbers, Sink sink) {
      int row = row(form);
      int column = 0;
      for (Derivation part : parts) {
        int width = row(part.form());
        var own = new float[part.form().size()];
        var ownNumbers = new int[own.length];
        for (int i = 0; i < own.length / Math.max(1, width); i++) {
          System.arraycopy(values, i * row + column, own, i * width, width);
          System.arraycopy(numbers, i * row + column, ownNumbers, i * width, width);
        }
        part.undo(own, ownNumbers, sink);
        column += width;
      }
    }

    /// Returns the number of elements between two indexes of the axis before the joined one.
    private int row(Form of) {
      return Math.toIntExact(Tensor.elements(of.shape().subList(axis, of.shape().size())));
    }
  }
}
