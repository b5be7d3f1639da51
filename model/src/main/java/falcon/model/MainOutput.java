package falcon.model;

/// The output of a network that counts: what it computes is compared, differentiated and reproduced.
public final class MainOutput {
  /// Metadata: name of the output that counts, where it is not the first floating-point one.
  public static final String METADATA = "falcon.output";

  private MainOutput() {}

  /// The output that the metadata names, or else the first one of floating-point numbers.
  ///
  /// @throws IllegalArgumentException if the metadata names none of the outputs, or there is no output of
  ///     floating-point numbers; says which there are
  public static ValueInfo of(Network network) {
    String named = network.metadata().get(METADATA);
    for (ValueInfo output : network.outputs()) {
      if (named == null ? mayBeReal(output) : output.name().equals(named)) {
        return output;
      }
    }
    throw new IllegalArgumentException(
        named == null
            ? "no output of the network is of floating-point numbers: " + network.outputs()
            : "the network has no output '%s'; its outputs are %s"
                .formatted(named, network.outputs()));
  }

  private static boolean mayBeReal(ValueInfo output) {
    return output.type() == null || output.type().isFloatingPoint();
  }
}
