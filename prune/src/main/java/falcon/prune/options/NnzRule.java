package falcon.prune.options;

import java.util.Locale;

/// The number of weights that may remain, in addition to the budget of MACs. Immutable.
public sealed interface NnzRule {
  /// The number that suits the MAC budget and the re-fit: no limit with [Refit#RECONSTRUCT],
  /// otherwise a share of 1.2 times that of the MACs.
  record Auto() implements NnzRule {
    @Override
    public String toString() {
      return "auto";
    }
  }

  /// No limit: the MAC budget alone applies.
  record Free() implements NnzRule {
    @Override
    public String toString() {
      return "free";
    }
  }

  /// A limit on the number of weights.
  ///
  /// @param amount a share of the prunable weights, or a number of them
  record Limit(Amount amount) implements NnzRule {
    @Override
    public String toString() {
      return amount.toString();
    }
  }

  /// Parses `auto`, `free`, both in upper or lower case, or an [Amount].
  ///
  /// @throws IllegalArgumentException if the text is none of these; the message has the text and
  ///     examples
  static NnzRule parse(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "auto" -> new Auto();
      case "free" -> new Free();
      default -> new Limit(Amount.parse(text));
    };
  }
}
