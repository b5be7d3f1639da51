package falcon.data;

/// The samples of one split, numbered from 0: images, or arrays with a name each. Immutable; may be
/// read from several threads.
public sealed interface Samples permits Images, NamedArrays {
  /// How many samples there are.
  int count();

  /// Whether each sample has a class.
  boolean isLabelled();

  /// Class of sample `index`, 0 or more.
  ///
  /// @throws IllegalStateException if the samples have no classes
  int label(int index);

  /// One more than the greatest class.
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
