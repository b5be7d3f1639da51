package falcon.prune.options;

import falcon.model.layer.NamePattern;

/// How many weights of a layer are kept at least. Immutable.
///
/// @param layers names of the weight tensors that it holds for
/// @param amount of each layer's weights; a number above a layer's size means all of them
public record KeepFloor(NamePattern layers, Amount amount) {
  /// Reads `5%`, `200`, or `PATTERN=5%` for layers of such names.
  ///
  /// @throws IllegalArgumentException if the text is none of these; the message has the text and
  ///     what is wrong with it
  public static KeepFloor parse(String text) {
    int equals = text.lastIndexOf('=');
    return new KeepFloor(
        new NamePattern(equals < 0 ? "*" : text.substring(0, equals)),
        Amount.parse(text.substring(equals + 1)));
  }

  /// Returns how many weights of a layer that is, rounded up, at most all of them.
  ///
  /// @param weights number of weights of the layer, 0 or more
  public int of(int weights) {
    return switch (amount) {
      case Amount.Share(double share) -> (int) Math.min(weights, Math.ceil(share * weights));
      case Amount.Count(long count) -> (int) Math.min(weights, count);
    };
  }

  @Override
  public String toString() {
    return layers.text().equals("*") ? amount.toString() : layers + "=" + amount;
  }
}
