package falcon.model;

import java.util.List;
import java.util.Locale;

/// The main output of a network: the one that is compared, differentiated and reproduced.
public final class MainOutput {
  /// Metadata key: name of the main output, where it is not the first floating-point one.
  public static final String METADATA = "falcon.output";

  private MainOutput() {}

  /// How many inner values a message lists.
  private static final int NEAR_NAMES = 5;

  /// Returns the output that the metadata names, or else the first one that is not declared with a
  /// type other than floating point, or else the first one. The metadata may name a value that a
  /// node makes inside the network. In place of the dictionaries that `ZipMap` makes of the scores
  /// of classes, the scores count.
  ///
  /// @throws IllegalArgumentException if the metadata names neither an output nor an inner value;
  ///     lists the outputs and values of similar names
  public static ValueInfo of(Network network) {
    String named = network.metadata().get(METADATA);
    for (ValueInfo output : network.outputs()) {
      if (named == null ? mayBeReal(output) : output.name().equals(named)) {
        return tensor(network, output);
      }
    }
    if (named == null) {
      return network.outputs().getFirst();
    }
    if (network.producer(named) != null && !named.isEmpty()) {
      return new ValueInfo(named, null, null);
    }
    throw new IllegalArgumentException(
        "the network has no output '%s' and no value of that name inside; its outputs are %s%s"
            .formatted(named, network.outputs(), near(network, named)));
  }

  /// Returns the tensor that an output is made of.
  private static ValueInfo tensor(Network network, ValueInfo output) {
    Node maker = network.producer(output.name());
    String scores = maker == null ? null : maker.input(0);
    return maker != null
            && maker.domain().equals("ai.onnx.ml")
            && maker.opType().equals("ZipMap")
            && scores != null
        ? new ValueInfo(scores, null, null)
        : output;
  }

  /// Returns the inner values whose names share a part with a name.
  private static String near(Network network, String named) {
    String wanted = named.toLowerCase(Locale.ROOT);
    List<String> names =
        network.nodes().stream()
            .flatMap(node -> node.outputs().stream())
            .filter(name -> isNear(wanted, name.toLowerCase(Locale.ROOT)))
            .limit(NEAR_NAMES)
            .toList();
    return names.isEmpty() ? "" : ", inner values of similar names " + names;
  }

  private static boolean isNear(String wanted, String name) {
    return !name.isEmpty() && !wanted.isEmpty() && (name.contains(wanted) || wanted.contains(name));
  }

  private static boolean mayBeReal(ValueInfo output) {
    return output.type() == null || output.type().isFloatingPoint();
  }
}
