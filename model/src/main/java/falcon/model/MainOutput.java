package falcon.model;

/// The main output of a network: the one that is compared, differentiated and reproduced.
public final class MainOutput {
  /// Metadata key: name of the main output, where it is not the first floating-point one.
  public static final String METADATA = "falcon.output";

  private MainOutput() {}

  /// Returns the output that the metadata names, or else the first one that is not declared with a
  /// type other than floating point, or else the first one.
  ///
  /// @throws IllegalArgumentException if the metadata names none of the outputs; lists the outputs
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
