package falcon.data;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Samples that are arrays, each named like the network input that it is for; the samples have
/// classes, or none has. The classes are read on first use; otherwise instances are immutable.
public final class NamedArrays implements Samples {
  /// Names of the array of classes, in order of precedence.
  private static final List<String> LABELS = List.of("labels", "label", "targets", "target", "y");

  private final Path source;
  private final SequencedMap<String, NumberArray> all;
  private final Collection<String> inputs;
  private final SequencedMap<String, NumberArray> arrays;
  private final @Nullable NumberArray classes;
  private boolean areClassesRead;
  private int @Nullable [] labels;
  private final int count;

  private NamedArrays(
      Path source, SequencedMap<String, NumberArray> all, Collection<String> inputs) {
    this.source = source;
    this.all = all;
    this.inputs = Set.copyOf(inputs);
    this.classes = classes(all, inputs);
    var others = new LinkedHashMap<>(all);
    if (classes != null) {
      others.remove(classes.name());
    }
    this.arrays = Collections.unmodifiableSequencedMap(others);
    count = counted();
  }

  /// Returns samples of arrays. Of several arrays the first that is named `labels`, `label`,
  /// `targets`, `target` or `y` holds the classes. There are as many samples as classes, or else as
  /// the longest array has; an array of another length is one value for all samples, if the network
  /// has an input for it.
  ///
  /// @param source file or folder named in messages
  /// @throws MalformedDataException if no array has as many samples as there are classes, all are
  ///     single numbers, there are only classes, or these are not one integer per sample
  public static NamedArrays of(Path source, SequencedMap<String, NumberArray> all) {
    return new NamedArrays(source, all, Set.of());
  }

  /// Returns the number of samples: as many as there are classes, or else as the longest array has.
  private int counted() {
    NumberArray longest = arrays.firstEntry().getValue();
    for (NumberArray array : arrays.values()) {
      longest = length(array) > length(longest) ? array : longest;
    }
    int samples = length(classes == null ? longest : classes);
    if (samples == 0) {
      throw new MalformedDataException(
          source,
          "holds single numbers alone, no array with an axis of samples.",
          "The first axis of an array counts samples; save the samples themselves.");
    }
    if (classes != null && arrays.values().stream().noneMatch(array -> length(array) == samples)) {
      throw ofOtherLength(source, longest, classes);
    }
    return samples;
  }

  /// Returns the number of samples of an array, 0 of a single number.
  private static int length(NumberArray array) {
    return array.shape().isEmpty() ? 0 : array.count();
  }

  private static MalformedDataException ofOtherLength(
      Path source, NumberArray one, NumberArray other) {
    return new MalformedDataException(
        source,
        "arrays '%s' and '%s' have %d and %d samples."
            .formatted(one.name(), other.name(), length(one), length(other)),
        "The first axis counts samples; save arrays of the same length.");
  }

  /// Returns these samples for a network: an array that is named like one of its inputs is for that
  /// input and holds no classes, whatever its name.
  ///
  /// @param inputs names of the network's inputs
  public NamedArrays forInputs(Collection<String> inputs) {
    return new NamedArrays(source, all, inputs);
  }

  /// Returns whether an array of this name holds classes, unless a network's input has that name.
  public static boolean isClassName(String name) {
    return LABELS.contains(name);
  }

  /// Returns the array of classes, null if there is none.
  private static @Nullable NumberArray classes(
      SequencedMap<String, NumberArray> all, Collection<String> inputs) {
    return LABELS.stream()
        .filter(name -> all.size() > 1 && all.containsKey(name) && !inputs.contains(name))
        .findFirst()
        .map(all::get)
        .orElse(null);
  }

  /// Returns the samples at `indexes`, in that order; numbers stay where they are.
  ///
  /// @throws IndexOutOfBoundsException if there is no such sample
  public NamedArrays select(int... indexes) {
    var chosen = new LinkedHashMap<String, NumberArray>();
    all.forEach(
        (name, array) -> chosen.put(name, isPerSample(array) ? array.select(indexes) : array));
    return new NamedArrays(source, chosen, inputs);
  }

  /// Returns the arrays by name, in the order of the file, without the classes.
  public SequencedMap<String, NumberArray> arrays() {
    return arrays;
  }

  @Override
  public int count() {
    return count;
  }

  /// Returns whether the first axis of an array counts the samples; otherwise it is one value for
  /// all of them.
  public boolean isPerSample(NumberArray array) {
    return length(array) == count;
  }

  /// Returns whether the samples have classes; they have none if the array says so of each.
  ///
  /// @throws MalformedDataException if the array named for classes does not hold one a sample
  @Override
  public boolean isLabelled() {
    return labels() != null;
  }

  @Override
  public int label(int index) {
    int[] known = labels();
    if (known == null) {
      throw new IllegalStateException("the samples have no classes");
    }
    return known[index];
  }

  private synchronized int @Nullable [] labels() {
    if (!areClassesRead && classes != null) {
      int[] read = ClassArray.read(source, classes);
      labels = Arrays.stream(read).allMatch(label -> label == NO_CLASS) ? null : read;
    }
    areClassesRead = true;
    return labels;
  }
}
