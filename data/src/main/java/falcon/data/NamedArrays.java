package falcon.data;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Samples that are arrays, each named like the network input that it is for; each sample has a
/// class, or none has. Instances are immutable.
public final class NamedArrays implements Samples {
  /// Names of the array of classes, in order of precedence.
  private static final List<String> LABELS = List.of("labels", "y");

  private final SequencedMap<String, NumberArray> arrays;
  private final int @Nullable [] labels;
  private final int count;

  private NamedArrays(
      SequencedMap<String, NumberArray> arrays, int @Nullable [] labels, int count) {
    this.arrays = Collections.unmodifiableSequencedMap(arrays);
    this.labels = labels;
    this.count = count;
  }

  /// Returns samples of arrays; `labels`, or else `y`, holds the classes. There are as many samples
  /// as classes, or else as the longest array has; an array of another length is one value for all
  /// samples, if the network has an input for it.
  ///
  /// @param source file or folder named in messages
  /// @throws MalformedDataException if no array has as many samples as there are classes, all are
  ///     single numbers, there are only classes, or these are not one integer per sample
  public static NamedArrays of(Path source, SequencedMap<String, NumberArray> all) {
    var arrays = new LinkedHashMap<>(all);
    NumberArray labels = null;
    for (String name : LABELS) {
      if (labels == null && arrays.size() > 1) {
        labels = arrays.remove(name);
      }
    }
    NumberArray longest = arrays.firstEntry().getValue();
    for (NumberArray array : arrays.values()) {
      longest = length(array) > length(longest) ? array : longest;
    }
    int count = length(labels == null ? longest : labels);
    if (count == 0) {
      throw new MalformedDataException(
          source,
          "holds single numbers alone, no array with an axis of samples.",
          "The first axis of an array counts samples; save the samples themselves.");
    }
    if (labels != null && arrays.values().stream().noneMatch(array -> length(array) == count)) {
      throw ofOtherLength(source, longest, labels);
    }
    return new NamedArrays(arrays, labels == null ? null : classes(source, labels), count);
  }

  /// Number of samples of an array, 0 of a single number.
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

  private static int[] classes(Path source, NumberArray labels) {
    if (labels.sampleSize() != 1) {
      throw new MalformedDataException(
          source,
          "array '%s' has shape %s a sample; wanted is one class a sample."
              .formatted(labels.name(), labels.sampleShape()),
          "Leave it out where there are no classes: a network is then compared with itself.");
    }
    var classes = new int[labels.count()];
    var one = new long[1];
    for (int i = 0; i < classes.length; i++) {
      labels.copyLongs(i, 0, Short.MAX_VALUE, one, 0);
      classes[i] = (int) one[0];
    }
    return classes;
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

  @Override
  public boolean isLabelled() {
    return labels != null;
  }

  @Override
  public int label(int index) {
    if (labels == null) {
      throw new IllegalStateException("the samples have no classes");
    }
    return labels[index];
  }
}
