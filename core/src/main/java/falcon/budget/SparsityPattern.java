package falcon.budget;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The shape that the zeros of a layer's weights have.
///
/// A layer is a matrix `[outputs, row]`, or one for each group: see [WeightRows].
public sealed interface SparsityPattern {
  /// Any weight may be zero.
  SparsityPattern SCATTERED = new Scattered();

  /// [Blocks#HEIGHT] neighbouring outputs share their zeros.
  SparsityPattern BLOCKS = new Blocks();

  /// Any weight may be zero.
  record Scattered() implements SparsityPattern {
    @Override
    public String toString() {
      return "scattered";
    }
  }

  /// The outputs of a group are divided into blocks of [#HEIGHT] neighbours, the last one of which
  /// may be smaller. At each place of the row, either all outputs of a block keep their weight or
  /// none does.
  record Blocks() implements SparsityPattern {
    /// Number of outputs of a block.
    public static final int HEIGHT = 4;

    @Override
    public String toString() {
      return "blocks";
    }
  }

  /// Of each `length` consecutive weights of a row at most `kept` are kept. The last weights of a
  /// row may be fewer than `length`; of these, too, at most `kept` are kept.
  ///
  /// @param kept greatest number of kept weights, 1 to `length − 1`
  /// @param length number of consecutive weights, 2 to [#MAX_LENGTH]
  record AtMost(int kept, int length) implements SparsityPattern {
    /// Greatest number of consecutive weights that are limited together.
    public static final int MAX_LENGTH = 64;

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if a number is out of its range
    public AtMost {
      if (kept < 1 || length <= kept || length > MAX_LENGTH) {
        throw new IllegalArgumentException(
            "'%d:%d' is no pattern: N:M keeps at most N of M weights, with N from 1 to M - 1 and M up to %d"
                .formatted(kept, length, MAX_LENGTH));
      }
    }

    @Override
    public String toString() {
      return kept + ":" + length;
    }
  }

  /// Reads `scattered`, `blocks` or `N:M`, which is how the patterns are written.
  ///
  /// @throws IllegalArgumentException if the text is none of these
  static SparsityPattern parse(String text) {
    for (SparsityPattern named : new SparsityPattern[] {SCATTERED, BLOCKS}) {
      if (named.toString().equalsIgnoreCase(text)) {
        return named;
      }
    }
    Matcher numbers = Pattern.compile("([0-9]{1,6}):([0-9]{1,6})").matcher(text);
    if (!numbers.matches()) {
      throw new IllegalArgumentException(
          "'%s' is none of scattered, blocks, and N:M, such as 2:4".formatted(text));
    }
    return new AtMost(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)));
  }
}
