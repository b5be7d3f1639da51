package falcon.data;

import java.nio.file.Path;
import java.util.Arrays;
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

  private NamedArrays(SequencedMap<String, NumberArray> arrays, int @Nullable [] labels) {
    this.arrays = Collections.unmodifiableSequencedMap(arrays);
    this.labels = labels;
  }

  /// Returns samples of arrays of the same length; `labels`, or else `y`, holds the classes.
  ///
  /// @param source file or folder named in messages
  /// @throws MalformedDataException if the lengths differ, there are only classes, or these are not
  ///     one integer per sample
  public static NamedArrays of(Path source, SequencedMap<String, NumberArray> all) {
    var arrays = new LinkedHashMap<>(all);
    NumberArray labels = null;
    for (String name : LABELS) {
      if (labels == null && arrays.size() > 1) {
        labels = arrays.remove(name);
      }
    }
    NumberArray first = arrays.firstEntry().getValue();
    for (NumberArray array : all.values()) {
      if (array.count() != first.count()) {
        throw new MalformedDataException(
            source,
            "arrays '%s' and '%s' have %d and %d samples."
                .formatted(first.name(), array.name(), first.count(), array.count()),
            "The first axis counts samples; save arrays of the same length.");
      }
    }
    return new NamedArrays(arrays, labels == null ? null : classes(source, labels));
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

  /// Returns the samples at `indexes`, in that order; numbers stay where they are.
  ///
  /// @throws IndexOutOfBoundsException if there is no such sample
  public NamedArrays select(int... indexes) {
    var chosen = new LinkedHashMap<String, NumberArray>();
    arrays.forEach((name, array) -> chosen.put(name, array.select(indexes)));
    return new NamedArrays(
        chosen, labels == null ? null : Arrays.stream(indexes).map(this::label).toArray());
  }

  /// Returns the arrays by name, in the order of the file, without the classes.
  public SequencedMap<String, NumberArray> arrays() {
    return arrays;
  }

  @Override
  public int count() {
    return arrays.firstEntry().getValue().count();
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
