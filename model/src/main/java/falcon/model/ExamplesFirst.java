package falcon.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A network as it is executed: the first axis of every input, and of the main output, is
/// that of examples.
///
/// Inputs whose examples lie along another axis are turned by a `Transpose`, and so is the output.
/// Values that are given for all examples become constants; where an input wants them once for each
/// example, they are repeated. Nodes, weights and names of the network itself stay.
public final class ExamplesFirst {
  private static final String SUFFIX = " (examples first)";

  private final Network network;
  private final Network.Builder builder;
  private final List<Node> nodes = new ArrayList<>();

  private ExamplesFirst(Network network) {
    this.network = network;
    this.builder = Network.builder(network.name());
  }

  /// Returns the network in that form.
  ///
  /// @return the network itself if it has that form already
  public static Network of(Network network) {
    boolean isTurned =
        !network.given().isEmpty()
            || network.inputs().stream().anyMatch(input -> input.axisOfExamples() > 0)
            || network.outputs().stream().anyMatch(output -> output.axisOfExamples() > 0);
    return isTurned ? new ExamplesFirst(network).turned() : network;
  }

  private static boolean isTurned(ValueInfo output, Network network) {
    return output.axisOfExamples() > 0 && network.producer(output.name()) != null;
  }

  private Network turned() {
    network.initializers().forEach(builder::initializer);
    network.opaqueInitializers().forEach(builder::opaqueInitializer);
    network.opsets().forEach(builder::opset);
    network.metadata().forEach(builder::metadata);
    network.inputs().forEach(this::input);
    nodes.forEach(builder::node);
    network.nodes().forEach(builder::node);
    ValueInfo main = MainOutput.of(network);
    for (ValueInfo output : network.outputs()) {
      if (output.equals(main) && isTurned(output, network)) {
        output(output);
      } else {
        builder.output(output);
      }
    }
    Network turned = builder.build();
    return network.file() == null ? turned : turned.readFrom(network.file());
  }

  private void input(ValueInfo input) {
    Tensor value = network.given().get(input.name());
    int axis = input.axisOfExamples();
    if (value != null && network.isShared(input)) {
      builder.initializer(input.name(), value);
    } else if (value != null) {
      repeated(input, value, axis);
    } else if (axis > 0) {
      String fed = input.name() + SUFFIX;
      List<Dimension> dimensions = input.dimensions();
      builder.input(
          new ValueInfo(fed, input.type(), dimensions == null ? null : moved(dimensions, axis, 0)));
      turn(fed, input.name(), rank(input), 0, axis);
    } else {
      builder.input(input);
    }
  }

  /// Repeats the value of one example as often as there are examples.
  private void repeated(ValueInfo input, Tensor value, int axis) {
    var shape = new ArrayList<>(value.shape());
    if (input.dimensions() == null || shape.size() == rank(input)) {
      shape.remove(axis); // its size is 1
    }
    String name = input.name();
    shape.addFirst(1L);
    builder.initializer(
        name + "/value", Tensor.ofContent(value.type(), List.copyOf(shape), value.bytes()));
    builder.initializer(name + "/first", Tensor.ofLongs(List.of(1L), 0));
    long[] others = shape.stream().skip(1).mapToLong(Long::longValue).toArray();
    builder.initializer(name + "/sizes", Tensor.ofLongs(List.of((long) others.length), others));
    ValueInfo fed =
        network.fedInputs().stream()
            .filter(other -> other.axisOfExamples() != ValueInfo.NO_AXIS)
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "no input of %s holds examples".formatted(network.inputs())));
    String counted = fed.axisOfExamples() > 0 ? fed.name() + SUFFIX : fed.name();
    node("Shape", name + "/shape", List.of(counted), Map.of());
    node("Gather", name + "/count", List.of(name + "/shape", name + "/first"), Map.of());
    node(
        "Concat",
        name + "/all",
        List.of(name + "/count", name + "/sizes"),
        Map.of("axis", new Attribute.IntegerValue(0)));
    String expanded = axis == 0 ? name : name + SUFFIX;
    node("Expand", expanded, List.of(name + "/value", name + "/all"), Map.of());
    if (axis > 0) {
      turn(expanded, name, shape.size(), 0, axis);
    }
  }

  private void output(ValueInfo output) {
    String turned = output.name() + SUFFIX;
    List<Dimension> dimensions = output.dimensions();
    int axis = output.axisOfExamples();
    List<Integer> order = outputOrder(output, axis);
    builder.output(
        new ValueInfo(
            turned,
            output.type(),
            dimensions == null ? null : order.stream().map(dimensions::get).toList()));
    builder.metadata(MainOutput.METADATA, turned);
    builder.node(transpose(output.name(), turned, order));
  }

  /// The examples first, then axes of more than one element, then the others: classes come right
  /// behind the examples.
  private static List<Integer> outputOrder(ValueInfo output, int axis) {
    var order = new ArrayList<Integer>(List.of(axis));
    var single = new ArrayList<Integer>();
    for (int i = 0; i < rank(output); i++) {
      if (i != axis) {
        boolean isSingle =
            output.dimensions() != null
                && output.dimensions().get(i).equals(new Dimension.Fixed(1));
        (isSingle ? single : order).add(i);
      }
    }
    order.addAll(single);
    return order;
  }

  private void turn(String value, String turned, int rank, int from, int to) {
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < rank; i++) {
      axes.add(i);
    }
    nodes.add(transpose(value, turned, moved(axes, from, to)));
  }

  private static Node transpose(String value, String turned, List<Integer> order) {
    return new Node(
        turned,
        "Transpose",
        "",
        List.of(value),
        List.of(turned),
        Map.of("perm", new Attribute.IntegerList(order.stream().map(Integer::longValue).toList())));
  }

  private void node(
      String opType, String output, List<String> inputs, Map<String, Attribute> attributes) {
    nodes.add(new Node(output, opType, "", inputs, List.of(output), attributes));
  }

  private static int rank(ValueInfo value) {
    List<Dimension> dimensions = value.dimensions();
    if (dimensions == null) {
      throw new IllegalArgumentException(
          "the number of axes of '%s' is not known, so that axis %d cannot count examples"
              .formatted(value, value.axisOfExamples()));
    }
    return dimensions.size();
  }

  private static <T> List<T> moved(List<T> list, int from, int to) {
    var moved = new ArrayList<>(list);
    moved.add(to, moved.remove(from));
    return moved;
  }
}
