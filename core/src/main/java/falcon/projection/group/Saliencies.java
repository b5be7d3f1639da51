package falcon.projection.group;

/// The check of saliencies: finite and zero or more.
public final class Saliencies {
  private Saliencies() {}

  /// Refuses saliencies that are negative or not finite.
  ///
  /// @throws IllegalArgumentException if a saliency is negative or not finite; the first is named
  public static void refuseBad(float[] saliency) {
    for (int i = 0; i < saliency.length; i++) {
      if (!(saliency[i] >= 0 && saliency[i] < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "saliency %d of %d is %s; a saliency is finite and zero or more"
                .formatted(i, saliency.length, saliency[i]));
      }
    }
  }
}
