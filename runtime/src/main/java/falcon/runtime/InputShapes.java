package falcon.runtime;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Checks of what a user supplies against the inputs of a network.
final class InputShapes {
  private InputShapes() {}

  private static String listed(Network network) {
    return network.inputs().stream().map(ValueInfo::toString).collect(Collectors.joining(", "));
  }

  private static void requireKnown(Network network, Iterable<String> names) {
    for (String name : names) {
      if (network.inputs().stream().noneMatch(input -> input.name().equals(name))) {
        throw new IllegalArgumentException(
            "%sthere is no input '%s'; the inputs are %s"
                .formatted(network.place(), name, listed(network)));
      }
    }
  }

  /// Returns the shapes of all inputs, if file and options determine them; null otherwise.
  ///
  /// @throws IllegalArgumentException if the options contradict the file: names the input
  static @Nullable Map<String, List<Long>> known(Network network, RuntimeOptions options) {
    requireKnown(network, options.inputShapes().keySet());
    var shapes = new LinkedHashMap<String, List<Long>>();
    for (ValueInfo input : network.inputs()) {
      List<Long> shape = options.inputShapes().get(input.name());
      if (shape != null) {
        requireFit(network, input, shape);
      } else {
        shape = declared(input, options.batch());
      }
      if (shape == null) {
        return null;
      }
      shapes.put(input.name(), shape);
    }
    return shapes;
  }

  private static @Nullable List<Long> declared(ValueInfo input, @Nullable Integer batch) {
    List<Dimension> dimensions = input.dimensions();
    if (dimensions == null) {
      return null;
    }
    var shape = new Long[dimensions.size()];
    for (int i = 0; i < shape.length; i++) {
      if (dimensions.get(i) instanceof Dimension.Fixed(long size)) {
        shape[i] = size;
      } else if (i == 0 && batch != null) {
        shape[i] = (long) batch;
      } else {
        return null;
      }
    }
    return List.of(shape);
  }

  /// Returns the shapes of the tensors, which are those that a run needs.
  ///
  /// @throws IllegalArgumentException if one is missing, unknown, or of another type or shape
  static Map<String, List<Long>> checked(Network network, Map<String, Tensor> inputs) {
    var shapes = new LinkedHashMap<String, List<Long>>();
    inputs.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    requireFit(network, shapes);
    for (ValueInfo input : network.inputs()) {
      Tensor tensor = inputs.get(input.name());
      DataType type = input.type();
      if (tensor != null && type != null && !isTaken(type, tensor.type())) {
        throw new IllegalArgumentException(
            "%sinput '%s' is given elements of type %s; it takes %s"
                .formatted(network.place(), input, tensor.type(), type));
      }
    }
    return shapes;
  }

  /// Real numbers are taken in any width.
  private static boolean isTaken(DataType wanted, DataType given) {
    return wanted == given || (wanted.isFloatingPoint() && given.isFloatingPoint());
  }

  /// Requires a shape that fits for each input, and no other.
  static void requireFit(Network network, Map<String, List<Long>> shapes) {
    requireKnown(network, shapes.keySet());
    for (ValueInfo input : network.inputs()) {
      List<Long> shape = shapes.get(input.name());
      if (shape == null) {
        throw new IllegalArgumentException(
            "%sinput '%s' is missing; the inputs are %s"
                .formatted(network.place(), input.name(), listed(network)));
      }
      requireFit(network, input, shape);
    }
  }

  private static void requireFit(Network network, ValueInfo input, List<Long> shape) {
    if (!input.takes(shape)) {
      throw new IllegalArgumentException(
          "%sinput '%s' takes the shape %s, not %s"
              .formatted(network.place(), input.name(), input.dimensions(), shape));
    }
  }
}
