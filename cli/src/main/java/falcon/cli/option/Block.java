package falcon.cli.option;

/// The value of `--block`.
///
/// @param weights number of weights that are solved together, 0 for all (`full`)
record Block(int weights) {
  static Block parse(String text) {
    if (text.equalsIgnoreCase("full")) {
      return new Block(0);
    }
    try {
      int weights = Integer.parseInt(text);
      if (weights > 0) {
        return new Block(weights);
      }
    } catch (NumberFormatException _) {
      // Control continues with the message for all wrong texts.
    }
    throw new IllegalArgumentException(
        "'%s' is neither full nor a whole number of weights, 1 or more".formatted(text));
  }
}
