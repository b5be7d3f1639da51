package falcon.cli.option;

/// What is typed after `--block`.
///
/// @param weights how many are solved together, 0 for all (`full`)
record Block(int weights) {
  static Block parse(String text) {
    if (text.equals("full")) {
      return new Block(0);
    }
    try {
      int weights = Integer.parseInt(text);
      if (weights > 0) {
        return new Block(weights);
      }
    } catch (NumberFormatException _) {
      // falls through to the message that all wrong texts get
    }
    throw new IllegalArgumentException(
        "'%s' is neither full nor a whole number of weights, 1 or more".formatted(text));
  }
}
