package falcon.model;

/// The output of a network that counts: what it computes is compared, differentiated and
/// reproduced.
public final class MainOutput {
  /// Metadata: name of the output that counts, where it is not the first floating-point one.
  public static final String METADATA = "falcon.output";

  private MainOutput() {}

  /// The output that the metadata names, or else the first one that is not declared to be of other
  /// than floating-point numbers, or else the first one.
  ///
  /// @throws IllegalArgumentException if the metadata names none of the outputs; says which there
  ///     are
  public static ValueInfo of(Network network) {
    String named = network.metadata().get(METADATA);
    for (ValueInfo output : network.outputs()) {
      if (named == null ? mayBeReal(output) : output.name().equals(named)) {
        return output;
      }
    }
    if (named == null) {
      return network.outputs().getFirst();
    }
    throw new IllegalArgumentException(
        "the network has no output '%s'; its outputs are %s".formatted(named, network.outputs()));
  }

  private static boolean mayBeReal(ValueInfo output) {
    return output.type() == null || output.type().isFloatingPoint();
  }
}
