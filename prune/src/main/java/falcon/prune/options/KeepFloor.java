package falcon.prune.options;

import falcon.model.layer.NamePattern;

/// The least number of weights of a layer that are kept. Immutable.
///
/// @param layers names of the weight tensors that the floor applies to
/// @param amount amount of each layer's weights; a number above a layer's size means all of them
public record KeepFloor(NamePattern layers, Amount amount) {
  /// Parses `5%`, `200`, or `PATTERN=5%` for layers with matching names.
  ///
  /// @throws IllegalArgumentException if the text is none of these; the message has the text and
  ///     the error in it
  public static KeepFloor parse(String text) {
    int equals = text.lastIndexOf('=');
    return new KeepFloor(
        new NamePattern(equals < 0 ? "*" : text.substring(0, equals)),
        Amount.parse(text.substring(equals + 1)));
  }

  /// Returns the floor in weights of a layer, rounded up, at most all of them.
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
