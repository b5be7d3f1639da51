package falcon.data;

import java.util.Locale;

/// What a program may say of data, as messages name it: `‹resize›`. How it is said there, by a
/// flag, a method or a field of a form, is for the program that shows the message.
public enum DataOption {
  /// Folder or file of the samples: [falcon.data.format.Datasets#open].
  DATA,
  /// How they are kept: [Layout].
  DATA_FORMAT,
  /// Part of the samples that a network is evaluated on.
  SPLIT,
  /// Test samples are left alone.
  NO_TEST,
  /// Order of the axes of an image in the network's input: [Preprocessing#in].
  LAYOUT,
  /// Length in pixels of the shorter side of a resized image.
  RESIZE,
  /// [Preprocessing#mean].
  MEAN,
  /// [Preprocessing#deviation].
  DEVIATION,
  /// [Preprocessing#border].
  BORDER,
  /// [Preprocessing#isFlipped].
  FLIP;

  /// `‹name›`, which stands for the option in a message.
  @Override
  public String toString() {
    return "‹" + name().toLowerCase(Locale.ROOT).replace('_', ' ') + "›";
  }
}
