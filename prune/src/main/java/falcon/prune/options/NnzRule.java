package falcon.prune.options;

/// How many weights may stay, beside the budget of MACs.
public sealed interface NnzRule {
  /// The number that suits the MAC budget and the method; see `docs/adr`.
  record Auto() implements NnzRule {
    @Override
    public String toString() {
      return "auto";
    }
  }

  /// No limit: the MAC budget alone counts.
  record Free() implements NnzRule {
    @Override
    public String toString() {
      return "free";
    }
  }

  /// A limit.
  record Limit(Amount amount) implements NnzRule {
    @Override
    public String toString() {
      return amount.toString();
    }
  }

  /// Reads `auto`, `free` or an [Amount].
  ///
  /// @throws IllegalArgumentException if it is none of these
  static NnzRule parse(String text) {
    return switch (text) {
      case "auto" -> new Auto();
      case "free" -> new Free();
      default -> new Limit(Amount.parse(text));
    };
  }
}
