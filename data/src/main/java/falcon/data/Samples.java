package falcon.data;

import java.util.stream.IntStream;

/// The samples of one split, numbered from 0: images, or named arrays. Samples are immutable and
/// may be read by several threads.
public sealed interface Samples permits Images, NamedArrays {
  /// The label of a single sample without a class among samples that have classes.
  int NO_CLASS = -1;

  /// Returns the number of samples.
  int count();

  /// Returns whether samples have classes; single ones may have none ([#hasClass]).
  boolean isLabelled();

  /// Returns the class of sample `index`: 0 or more, or [#NO_CLASS].
  ///
  /// @throws IllegalStateException if the samples have no classes
  int label(int index);

  /// Returns whether sample `index` has a class.
  ///
  /// @throws IllegalStateException if the samples have no classes
  default boolean hasClass(int index) {
    return label(index) != NO_CLASS;
  }

  /// Returns the indexes of the samples that have a class, ascending; of all samples where none
  /// has.
  default int[] judged() {
    return IntStream.range(0, count()).filter(i -> !isLabelled() || hasClass(i)).toArray();
  }

  /// Returns one more than the greatest class.
  ///
  /// @throws IllegalStateException if the samples have no classes
  default int classes() {
    int classes = 0;
    for (int i = 0; i < count(); i++) {
      classes = Math.max(classes, 1 + label(i));
    }
    return classes;
  }
}
