package falcon.data;

import java.nio.file.Path;

/// Reads an array of classes: one whole number a sample, or a row of zeros with a single one
/// ("one-hot"). The numbers −1 and −100, with which training code marks samples that do not count,
/// are [Samples#NO_CLASS].
final class ClassArray {
  /// Greatest number of a class.
  private static final int GREATEST = Short.MAX_VALUE;

  /// The label that PyTorch's losses ignore unless another one is set.
  private static final int IGNORED_BY_PYTORCH = -100;

  private static final String ADVICE =
      "Save one whole number from 0 a sample, -1 for a sample without a class, or a one-hot row; or leave the array out: a network is then compared with itself.";

  private ClassArray() {}

  /// Returns the class of each sample.
  ///
  /// @param source file or folder named in messages
  /// @throws MalformedDataException if the array holds anything else; says where
  static int[] read(Path source, NumberArray array) {
    boolean isVector = array.sampleShape().stream().filter(size -> size != 1).count() <= 1;
    if (!isVector || array.sampleSize() > GREATEST) {
      throw new MalformedDataException(
          source,
          "array '%s' has shape %s a sample; wanted is one class a sample."
              .formatted(array.name(), array.sampleShape()),
          ADVICE);
    }
    var classes = new int[array.count()];
    var row = new float[array.sampleSize()];
    for (int i = 0; i < classes.length; i++) {
      array.copyFloats(i, row, 0);
      classes[i] =
          row.length == 1 ? single(source, array, i, row[0]) : oneHot(source, array, i, row);
    }
    return classes;
  }

  private static int single(Path source, NumberArray array, int sample, float value) {
    if (value == Samples.NO_CLASS || value == IGNORED_BY_PYTORCH) {
      return Samples.NO_CLASS;
    }
    if (value != Math.rint(value) || value < 0 || value > GREATEST) {
      throw new MalformedDataException(
          source,
          "array '%s' holds %s for sample %d, which is not the number of a class: a whole number from 0 to %d."
              .formatted(array.name(), text(value), sample, GREATEST),
          ADVICE);
    }
    return (int) value;
  }

  private static int oneHot(Path source, NumberArray array, int sample, float... row) {
    int one = Samples.NO_CLASS;
    for (int c = 0; c < row.length; c++) {
      boolean isSound = row[c] == 0 || (row[c] == 1 && one == Samples.NO_CLASS);
      if (!isSound) {
        throw new MalformedDataException(
            source,
            "array '%s' has %d numbers a sample, and those of sample %d are not one-hot: number %d is %s, %s."
                .formatted(
                    array.name(),
                    row.length,
                    sample,
                    c,
                    text(row[c]),
                    one == Samples.NO_CLASS
                        ? "wanted is 0 or 1"
                        : "and number %d is 1".formatted(one)),
            ADVICE);
      }
      one = row[c] == 1 ? c : one;
    }
    if (one == Samples.NO_CLASS) {
      throw new MalformedDataException(
          source,
          "array '%s' has %d numbers a sample, and those of sample %d are not one-hot: all are 0."
              .formatted(array.name(), row.length, sample),
          ADVICE);
    }
    return one;
  }

  private static String text(float value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9f
        ? Long.toString((long) value)
        : Float.toString(value);
  }
}
