package falcon.prune;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/// Damages what a network says, not how its file is written: attributes, shapes, types, values,
/// wiring. The same seed damages the same network in the same way.
final class Mutation {
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    2,
    3,
    -2,
    7,
    1000,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 40,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  private static final float[] EXTREME_FLOATS = {
    0f,
    -0f,
    -1f,
    1e-40f,
    1e20f,
    -1e30f,
    Float.MAX_VALUE,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY
  };

  private static final List<String> TEXTS =
      List.of("", "nonsense", "SAME_UPPER", "VALID", "reverse", "bidirectional", "cubic", "Tanh");

  private static final List<String> NAMES =
      List.of(
          "axis",
          "axes",
          "group",
          "strides",
          "dilations",
          "pads",
          "kernel_shape",
          "perm",
          "transA",
          "transB",
          "hidden_size",
          "direction",
          "layout",
          "to",
          "allowzero",
          "ceil_mode",
          "auto_pad",
          "output_padding",
          "keepdims",
          "epsilon",
          "alpha");

  private final SplittableRandom random;
  private final Network network;
  private final List<Node> nodes;
  private final LinkedHashMap<String, Tensor> initializers;
  private final List<ValueInfo> inputs;
  private final List<ValueInfo> outputs;
  private final List<String> said = new ArrayList<>();
  private long opset;

  private Mutation(Network network, long seed) {
    this.network = network;
    random = new SplittableRandom(seed);
    nodes = new ArrayList<>(network.nodes());
    initializers = new LinkedHashMap<>(network.initializers());
    inputs = new ArrayList<>(network.inputs());
    outputs = new ArrayList<>(network.outputs());
    opset = network.opset();
  }

  /// A damaged network.
  ///
  /// @param network null if its parts make none: the reason is in `refusal`
  /// @param said what was done
  record Mutant(Network network, String said, String refusal) {}

  /// Damages a network in one to three places.
  static Mutant of(Network network, long seed) {
    var mutation = new Mutation(network, seed);
    int count = 1 + mutation.random.nextInt(3);
    for (int i = 0; i < count; i++) {
      mutation.damage();
    }
    String said = String.join("; ", mutation.said);
    try {
      return new Mutant(mutation.network(), said, "");
    } catch (IllegalArgumentException e) { // as the reader takes it
      return new Mutant(network, said, String.valueOf(e.getMessage()));
    }
  }

  private Network network() {
    Network.Builder builder = Network.builder(network.name());
    nodes.forEach(builder::node);
    inputs.forEach(builder::input);
    outputs.forEach(builder::output);
    initializers.forEach(builder::initializer);
    network.opaqueInitializers().forEach(builder::opaqueInitializer);
    network
        .opsets()
        .forEach((domain, version) ->
            builder.opset(domain, domain.isEmpty() || domain.equals("ai.onnx") ? opset : version));
    network.metadata().forEach(builder::metadata);
    return builder.build();
  }

  private void damage() {
    int at = random.nextInt(nodes.size());
    switch (random.nextInt(16)) {
      case 0, 1, 2, 3 -> attribute(withAttributes(at));
      case 4 -> strangeAttribute(at);
      case 5 -> operator(at);
      case 6 -> inputs(at);
      case 7 -> outputs(at);
      case 8 -> removed(at);
      case 9, 10 -> initializerShape();
      case 11, 12 -> initializerValues();
      case 13 -> initializerType();
      case 14 -> graphInput();
      default -> version();
    }
  }

  /// The first node from that one on that has attributes.
  private int withAttributes(int from) {
    for (int i = 0; i < nodes.size(); i++) {
      int at = (from + i) % nodes.size();
      if (!nodes.get(at).attributes().isEmpty()) {
        return at;
      }
    }
    return from;
  }

  private void attribute(int at) {
    Node node = nodes.get(at);
    if (node.attributes().isEmpty()) {
      strangeAttribute(at);
      return;
    }
    List<String> names = List.copyOf(node.attributes().keySet());
    String name = names.get(random.nextInt(names.size()));
    var changed = new LinkedHashMap<>(node.attributes());
    if (random.nextInt(8) == 0) {
      changed.remove(name);
    } else {
      changed.put(name, damaged(Objects.requireNonNull(node.attributes().get(name))));
    }
    replace(at, node.inputs(), node.outputs(), changed, node.opType());
    said.add("%s: %s = %s".formatted(node.label(), name, changed.get(name)));
  }

  private Attribute damaged(Attribute attribute) {
    return switch (attribute) {
      case Attribute.IntegerValue(long value) ->
          random.nextInt(12) == 0
              ? new Attribute.IntegerList(List.of(value))
              : new Attribute.IntegerValue(number(value));
      case Attribute.FloatValue _ -> new Attribute.FloatValue(real());
      case Attribute.StringValue _ -> new Attribute.StringValue(text());
      case Attribute.IntegerList(List<Long> values) -> new Attribute.IntegerList(list(values));
      case Attribute.FloatList(List<Float> values) -> {
        var changed = new ArrayList<>(values);
        changed.add(real());
        yield new Attribute.FloatList(changed);
      }
      case Attribute.TensorValue(Tensor tensor) -> new Attribute.TensorValue(values(tensor));
      default -> new Attribute.IntegerValue(number(1));
    };
  }

  private long number(long value) {
    return switch (random.nextInt(4)) {
      case 0 -> value + 1;
      case 1 -> -value;
      default -> EXTREMES[random.nextInt(EXTREMES.length)];
    };
  }

  private float real() {
    return EXTREME_FLOATS[random.nextInt(EXTREME_FLOATS.length)];
  }

  private String text() {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }

  private List<Long> list(List<Long> values) {
    var changed = new ArrayList<>(values);
    switch (random.nextInt(6)) {
      case 0 -> changed.add(number(1));
      case 1 -> {
        if (!changed.isEmpty()) {
          changed.removeLast();
        }
      }
      case 2 -> changed.clear();
      case 3 -> Collections.reverse(changed);
      default -> {
        if (!changed.isEmpty()) {
          int at = random.nextInt(changed.size());
          changed.set(at, number(changed.get(at)));
        }
      }
    }
    return changed;
  }

  private void strangeAttribute(int at) {
    Node node = nodes.get(at);
    String name = NAMES.get(random.nextInt(NAMES.size()));
    Attribute value =
        switch (random.nextInt(4)) {
          case 0 -> new Attribute.IntegerValue(number(2));
          case 1 -> new Attribute.IntegerList(list(List.of(1L, 1L)));
          case 2 -> new Attribute.FloatValue(real());
          default -> new Attribute.StringValue(text());
        };
    var changed = new LinkedHashMap<>(node.attributes());
    changed.put(name, value);
    replace(at, node.inputs(), node.outputs(), changed, node.opType());
    said.add("%s: %s = %s".formatted(node.label(), name, value));
  }

  private void operator(int at) {
    Node node = nodes.get(at);
    String other = nodes.get(random.nextInt(nodes.size())).opType();
    replace(at, node.inputs(), node.outputs(), node.attributes(), other);
    said.add("%s becomes %s".formatted(node.label(), other));
  }

  private void inputs(int at) {
    Node node = nodes.get(at);
    var changed = new ArrayList<>(node.inputs());
    switch (random.nextInt(5)) {
      case 0 -> Collections.shuffle(changed, new java.util.Random(random.nextLong()));
      case 1 -> {
        if (!changed.isEmpty()) {
          changed.remove(random.nextInt(changed.size()));
        }
      }
      case 2 -> changed.add(anyValue());
      case 3 -> {
        if (!changed.isEmpty()) {
          changed.set(random.nextInt(changed.size()), "");
        }
      }
      default -> {
        if (!changed.isEmpty()) {
          changed.set(random.nextInt(changed.size()), anyValue());
        }
      }
    }
    replace(at, changed, node.outputs(), node.attributes(), node.opType());
    said.add("%s reads %s".formatted(node.label(), changed));
  }

  private String anyValue() {
    List<String> constants = List.copyOf(initializers.keySet());
    if (random.nextInt(2) == 0 && !constants.isEmpty()) {
      return constants.get(random.nextInt(constants.size()));
    }
    Node node = nodes.get(random.nextInt(nodes.size()));
    return node.outputs().isEmpty() ? "" : node.outputs().getFirst();
  }

  private void outputs(int at) {
    Node node = nodes.get(at);
    var changed = new ArrayList<>(node.outputs());
    switch (random.nextInt(4)) {
      case 0 -> changed.add("more");
      case 1 -> Collections.reverse(changed);
      case 2 -> changed.set(0, "renamed");
      default -> {
        int other = random.nextInt(nodes.size());
        Node second = nodes.get(other);
        replace(other, second.inputs(), changed, second.attributes(), second.opType());
        changed = new ArrayList<>(second.outputs());
      }
    }
    replace(at, node.inputs(), changed, node.attributes(), node.opType());
    said.add("%s makes %s".formatted(node.label(), changed));
  }

  private void removed(int at) {
    Node node = nodes.get(at);
    if (node.inputs().isEmpty() || node.outputs().isEmpty() || nodes.size() < 2) {
      return;
    }
    if (random.nextInt(2) == 0) {
      replace(at, List.of(node.inputs().getFirst()), node.outputs(), Map.of(), "Identity");
      said.add(node.label() + " becomes Identity");
    } else {
      replace(at, List.of(node.inputs().getLast()), node.outputs(), Map.of(), "Shape");
      said.add(node.label() + " becomes Shape");
    }
  }

  private void initializerShape() {
    String name = anyInitializer();
    if (name.isEmpty()) {
      return;
    }
    Tensor tensor = Objects.requireNonNull(initializers.get(name));
    var shape = new ArrayList<>(tensor.shape());
    switch (random.nextInt(5)) {
      case 0 -> Collections.reverse(shape);
      case 1 -> shape.add(0, 1L);
      case 2 -> {
        long all = Tensor.elements(shape);
        shape.clear();
        shape.add(all);
      }
      case 3 -> shape.add(1L);
      default -> {
        if (shape.isEmpty()) {
          shape.add(2L);
        } else {
          int axis = random.nextInt(shape.size());
          shape.set(axis, Math.max(0, shape.get(axis) + random.nextInt(3) - 1));
        }
      }
    }
    initializers.put(name, resized(tensor, shape));
    said.add("'%s' has the shape %s".formatted(name, shape));
  }

  private static Tensor resized(Tensor tensor, List<Long> shape) {
    int count = Math.toIntExact(Tensor.elements(shape));
    if (tensor.type().isFloatingPoint()) {
      float[] old = tensor.toFloats();
      var values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = old.length == 0 ? 1 : old[i % old.length];
      }
      return Tensor.ofFloats(tensor.type(), shape, values);
    }
    long[] old = tensor.toLongs();
    var values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = old.length == 0 ? 1 : old[i % old.length];
    }
    return Tensor.ofLongs(shape, values);
  }

  private void initializerValues() {
    String name = anyInitializer();
    if (name.isEmpty()) {
      return;
    }
    initializers.put(name, values(Objects.requireNonNull(initializers.get(name))));
    said.add("values of '%s'".formatted(name));
  }

  /// One element changed, or all of them.
  private Tensor values(Tensor tensor) {
    int count = Math.toIntExact(tensor.size());
    if (count == 0) {
      return tensor;
    }
    int at = random.nextInt(count);
    if (tensor.type().isFloatingPoint()) {
      float[] values = tensor.toFloats();
      float scale = random.nextInt(3) == 0 ? real() : 1;
      if (scale == 1) {
        values[at] = real();
      }
      for (int i = 0; i < count && scale != 1; i++) {
        values[i] *= scale;
      }
      return Tensor.ofFloats(tensor.type(), tensor.shape(), values);
    }
    long[] values = tensor.toLongs();
    values[at] = number(values[at]);
    return Tensor.ofLongs(tensor.shape(), values);
  }

  private void initializerType() {
    String name = anyInitializer();
    if (name.isEmpty()) {
      return;
    }
    Tensor tensor = Objects.requireNonNull(initializers.get(name));
    Tensor other;
    if (tensor.type().isFloatingPoint()) {
      float[] values = tensor.toFloats();
      if (random.nextInt(2) == 0) {
        other = Tensor.ofFloats(DataType.FLOAT16, tensor.shape(), values);
      } else {
        var longs = new long[values.length];
        for (int i = 0; i < longs.length; i++) {
          longs[i] = (long) (10 * values[i]);
        }
        other = Tensor.ofLongs(tensor.shape(), longs);
      }
    } else {
      long[] values = tensor.toLongs();
      var floats = new float[values.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = values[i];
      }
      other = Tensor.ofFloats(tensor.shape(), floats);
    }
    initializers.put(name, other);
    said.add("'%s' is %s".formatted(name, other.type()));
  }

  private String anyInitializer() {
    List<String> names = List.copyOf(initializers.keySet());
    return names.isEmpty() ? "" : names.get(random.nextInt(names.size()));
  }

  private void graphInput() {
    int at = random.nextInt(inputs.size());
    ValueInfo input = inputs.get(at);
    List<Dimension> dimensions = input.dimensions();
    if (dimensions == null || dimensions.isEmpty() || random.nextInt(4) == 0) {
      DataType type = input.type() == DataType.INT64 ? DataType.FLOAT32 : DataType.INT64;
      inputs.set(at, new ValueInfo(input.name(), type, dimensions));
      said.add("input '%s' is %s".formatted(input.name(), type));
      return;
    }
    var changed = new ArrayList<>(dimensions);
    int axis = random.nextInt(changed.size());
    if (random.nextInt(3) == 0) {
      changed.remove(axis);
    } else {
      changed.set(
          axis,
          random.nextInt(3) == 0
              ? new Dimension.Symbolic("open")
              : new Dimension.Fixed(1 + random.nextInt(9)));
    }
    inputs.set(at, new ValueInfo(input.name(), input.type(), changed));
    said.add("input '%s' is %s".formatted(input.name(), changed));
  }

  private void version() {
    opset = 7L + random.nextInt(19);
    said.add("operator set " + opset);
    if (random.nextInt(2) == 0) {
      String other = anyValue();
      outputs.set(0, new ValueInfo(other, outputs.getFirst().type(), null));
      said.add("output '%s'".formatted(other));
    }
  }

  private void replace(
      int at,
      List<String> inputs,
      List<String> outputs,
      Map<String, Attribute> attributes,
      String opType) {
    Node node = nodes.get(at);
    nodes.set(at, new Node(node.name(), opType, node.domain(), inputs, outputs, attributes));
  }
}
