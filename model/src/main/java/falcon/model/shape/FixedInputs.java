package falcon.model.shape;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Networks in which some inputs have a value that is the same for all samples: a sampling rate, an
/// initial state. Control flow that depends on such an input alone is inlined.
public final class FixedInputs {
  /// Greatest number of elements that are stored for an input; larger ones are made when the
  /// network runs.
  private static final int MOST_ELEMENTS = 1 << 16;

  private final Network network;
  private final Map<String, Tensor> values;
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final List<Node> made = new ArrayList<>();

  private FixedInputs(Network network, Map<String, Tensor> values) {
    this.network = network;
    this.values = values;
  }

  /// Returns the network with these inputs fixed. A written file keeps them as inputs.
  ///
  /// @param values tensors by input, of the input's type. A tensor of one element stands for all
  ///     elements of the input; an axis that the file leaves open then has the size of the axis of
  ///     the same name of another input, or of the axis of examples.
  /// @throws IllegalArgumentException if there is no such input, it is the only one, or the tensor
  ///     has another type or shape; names the inputs
  public static Network of(Network network, Map<String, Tensor> values) {
    if (values.isEmpty()) {
      return network;
    }
    var fixed = new FixedInputs(network, values);
    values.forEach((name, value) -> fixed.fix(input(network, name), value));
    if (network.inputs().size() <= values.size()) {
      throw new IllegalArgumentException(
          "no input is left for samples; the network takes %s".formatted(listed(network)));
    }
    return ControlFlow.inlined(network.withMadeInputs(fixed.constants, fixed.made));
  }

  /// Returns the input of that name.
  ///
  /// @throws IllegalArgumentException if there is none; names the inputs
  public static ValueInfo input(Network network, String name) {
    return network.inputs().stream()
        .filter(input -> input.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no input '%s'; the network takes %s".formatted(name, listed(network))));
  }

  private static String listed(Network network) {
    return network.inputs().stream().map(ValueInfo::toString).collect(Collectors.joining(", "));
  }

  private void fix(ValueInfo input, Tensor value) {
    DataType type = input.type();
    if (type != null && type != value.type()) {
      throw new IllegalArgumentException(
          "input '%s' is given elements of type %s".formatted(input, value.type()));
    }
    List<Dimension> dimensions = input.dimensions();
    if (dimensions == null || fits(dimensions, value)) {
      constants.put(input.name(), value);
    } else if (value.size() == 1) {
      fill(input, dimensions, value);
    } else {
      throw new IllegalArgumentException(
          "input '%s' is given a value of shape %s".formatted(input, value.shape()));
    }
  }

  private static boolean fits(List<Dimension> dimensions, Tensor value) {
    boolean fits = dimensions.size() == value.shape().size();
    for (int i = 0; fits && i < dimensions.size(); i++) {
      fits =
          dimensions.get(i) instanceof Dimension.Fixed(long size)
              ? size == value.shape().get(i)
              : value.size() > 1;
    }
    return fits;
  }

  /// Fills an input with one number.
  private void fill(ValueInfo input, List<Dimension> dimensions, Tensor value) {
    String name = input.name();
    List<Long> shape = fixedShape(dimensions);
    if (shape != null && isShort(shape)) {
      constants.put(name, filled(shape, value));
      return;
    }
    var sizes = new ArrayList<String>();
    for (int axis = 0; axis < dimensions.size(); axis++) {
      sizes.add(
          switch (dimensions.get(axis)) {
            case Dimension.Fixed(long size) ->
                constant(name, "size " + axis, Tensor.ofLongs(List.of(1L), size));
            case Dimension.Symbolic(String symbol) -> size(input, axis, symbol);
          });
    }
    String one = constant(name, "value", filled(List.of(), value));
    String target = name + "/shape";
    made.add(
        new Node(
            name,
            "Concat",
            "",
            sizes,
            List.of(target),
            Map.of("axis", new Attribute.IntegerValue(0))));
    made.add(new Node(name, "Expand", "", List.of(one, target), List.of(name), Map.of()));
  }

  /// @return null if an axis is open
  private static @Nullable List<Long> fixedShape(List<Dimension> dimensions) {
    var shape = new ArrayList<Long>();
    for (Dimension dimension : dimensions) {
      if (!(dimension instanceof Dimension.Fixed(long size))) {
        return null;
      }
      shape.add(size);
    }
    return shape;
  }

  private static boolean isShort(List<Long> shape) {
    return shape.stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b)
        <= MOST_ELEMENTS;
  }

  private static Tensor filled(List<Long> shape, Tensor value) {
    int count = Math.toIntExact(Tensor.elements(shape));
    var one = new byte[value.type().bytes()];
    value.bytes().get(one);
    var all = new byte[count * one.length];
    for (int i = 0; i < count; i++) {
      System.arraycopy(one, 0, all, i * one.length, one.length);
    }
    return Tensor.ofBytes(value.type(), shape, all);
  }

  private String constant(String input, String what, Tensor tensor) {
    String name = input + "/" + what;
    constants.put(name, tensor);
    return name;
  }

  /// Makes the size of an open axis out of another input.
  private String size(ValueInfo input, int axis, String symbol) {
    ValueInfo other = null;
    int place = 0;
    for (ValueInfo each : network.inputs()) {
      if (!values.containsKey(each.name()) && (other == null || place < 0)) {
        other = each;
        place = place(each, symbol);
      }
    }
    if (place < 0) {
      other = first();
      place = 0;
    }
    String name = input.name();
    if (other == null) {
      return constant(name, "size " + axis, Tensor.ofLongs(List.of(1L), 1));
    }
    String shape = name + "/shape " + axis;
    String size = name + "/size " + axis;
    String index = constant(name, "axis " + axis, Tensor.ofLongs(List.of(1L), place));
    made.add(new Node(name, "Shape", "", List.of(other.name()), List.of(shape), Map.of()));
    made.add(new Node(name, "Gather", "", List.of(shape, index), List.of(size), Map.of()));
    return size;
  }

  /// Returns the first input that is not fixed.
  private @Nullable ValueInfo first() {
    return network.inputs().stream()
        .filter(each -> !values.containsKey(each.name()))
        .findFirst()
        .orElse(null);
  }

  /// Returns the first axis of that name.
  ///
  /// @return −1 if there is none
  private static int place(ValueInfo input, String symbol) {
    List<Dimension> dimensions = input.dimensions();
    return symbol.isEmpty() || dimensions == null
        ? -1
        : dimensions.indexOf(new Dimension.Symbolic(symbol));
  }
}
