package falcon.torch.training;

import java.util.Map;

/// The arrays that a tensor's steps go on from, by name: its values and the moments of its
/// gradients.
final class MomentNames {
  // Prefixes of the names.
  static final String VALUES = "values/";
  static final String FIRST_MOMENTS = "first moments/";
  static final String SECOND_MOMENTS = "second moments/";

  private MomentNames() {}

  /// Returns an array of a state.
  ///
  /// @param name prefix and name of the tensor
  /// @param whose what the state is that of, for the message
  /// @throws IllegalStateException if it is missing or has another size
  static float[] array(Map<String, float[]> arrays, String name, int size, String whose) {
    float[] array = arrays.get(name);
    if (array == null || array.length != size) {
      throw new IllegalStateException(
          "the %s's state has %s as '%s', wanted are %d numbers"
              .formatted(whose, array == null ? "nothing" : array.length + " numbers", name, size));
    }
    return array;
  }
}
