package falcon.data;

/// The samples of one split, numbered from 0: images, or named arrays. Samples are immutable and
/// may be read by several threads.
public sealed interface Samples permits Images, NamedArrays {
  /// Returns the number of samples.
  int count();

  /// Returns whether each sample has a class.
  boolean isLabelled();

  /// Returns the class of sample `index`, 0 or more.
  ///
  /// @throws IllegalStateException if the samples have no classes
  int label(int index);

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
