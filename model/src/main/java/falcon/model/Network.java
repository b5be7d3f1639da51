package falcon.model;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A network as data: an immutable ONNX graph.
///
/// Nodes are in an order in which they can be executed. Control flow that is determined by
/// constants and shapes is inlined into the graph: an `If` is replaced by the nodes of its branch,
/// a `Loop` by those of all its iterations, with the constants of their bodies. A written file
/// keeps the control flow. Graph inputs are those that the user must supply: an input that only
/// offers a default for an initializer is not among them. All other content of a file is kept in
/// [#origin] and written again when the network is written in that format.
public final class Network implements Serializable {
  private static final long serialVersionUID = 1L;

  /// Metadata key: names of weight tensors that must not be pruned, separated by commas.
  public static final String NOT_PRUNABLE = "falcon.notPrunable";

  /// Metadata key: name of the built-in architecture.
  public static final String ARCHITECTURE = "falcon.architecture";

  /// Metadata key: shape of one example, `3,32,32` for instance.
  public static final String INPUT_SHAPE = "falcon.inputShape";

  /// Prefix of all metadata keys that Falcon writes and keeps from format to format.
  public static final String METADATA_PREFIX = "falcon.";

  /// The source of a network, known only to the reader and writer of its format.
  public interface Origin {}

  private final transient String name;
  private final transient List<Node> nodes;
  private final transient List<ValueInfo> inputs;
  private final transient List<ValueInfo> outputs;
  private final transient SequencedMap<String, Tensor> initializers;
  private final transient SequencedMap<String, String> opaqueInitializers;
  private final transient SequencedMap<String, Long> opsets;
  private final transient SequencedMap<String, String> metadata;
  private final transient SequencedMap<String, Tensor> given;
  private final transient @Nullable Origin origin;
  private final transient @Nullable Path file;
  private final transient @Nullable Unfolded unfolded;
  private final transient Map<String, Node> producers;
  private final transient Map<String, List<Node>> consumers;

  private Network(Builder builder) {
    name = builder.name;
    inputs = List.copyOf(builder.inputs);
    outputs = List.copyOf(builder.outputs);
    initializers = frozen(builder.initializers);
    opaqueInitializers = frozen(builder.opaqueInitializers);
    opsets = frozen(builder.opsets);
    metadata = frozen(builder.metadata);
    given = frozen(Map.of());
    origin = builder.origin;
    file = null;
    unfolded = null;
    nodes = GraphOrder.sort(builder.nodes, givenNames(), outputs);
    producers = producers(nodes);
    consumers = consumers(nodes);
  }

  private Network(Change change) {
    Network that = change.that;
    name = that.name;
    opsets = that.opsets;
    origin = that.origin;
    inputs = List.copyOf(change.inputs);
    outputs = List.copyOf(change.outputs);
    initializers = change.initializers;
    opaqueInitializers = change.opaqueInitializers;
    metadata = change.metadata;
    given = change.given;
    file = change.file;
    unfolded = change.unfolded;
    if (change.nodes == null) {
      nodes = that.nodes;
      producers = that.producers;
      consumers = that.consumers;
    } else {
      nodes = GraphOrder.sort(change.nodes, givenNames(), outputs);
      producers = producers(nodes);
      consumers = consumers(nodes);
    }
  }

  /// The parts of a network that is derived from another one; those that are not set are the other
  /// one's.
  private static final class Change {
    private final Network that;
    private List<ValueInfo> inputs;
    private List<ValueInfo> outputs;
    private SequencedMap<String, Tensor> initializers;
    private SequencedMap<String, String> opaqueInitializers;
    private SequencedMap<String, String> metadata;
    private SequencedMap<String, Tensor> given;
    private @Nullable Path file;
    private @Nullable Unfolded unfolded;

    /// All nodes in any order, null for those of the other network.
    private @Nullable List<Node> nodes;

    Change(Network that) {
      this.that = that;
      inputs = that.inputs;
      outputs = that.outputs;
      initializers = that.initializers;
      opaqueInitializers = that.opaqueInitializers;
      metadata = that.metadata;
      given = that.given;
      file = that.file;
      unfolded = that.unfolded;
    }
  }

  /// The network as its file has it, and how weights are stored there.
  private record Unfolded(Network stored, Map<String, WeightStorage> storages) {}

  /// A network on its way to another process: all that its execution and its messages need. What
  /// its file had besides is not among it, so that it cannot be written as that file there.
  private record Sent(
      String name,
      List<Node> nodes,
      List<ValueInfo> inputs,
      List<ValueInfo> outputs,
      LinkedHashMap<String, Tensor> initializers,
      LinkedHashMap<String, String> opaqueInitializers,
      LinkedHashMap<String, Long> opsets,
      LinkedHashMap<String, String> metadata,
      LinkedHashMap<String, Tensor> given,
      @Nullable String file)
      implements Serializable {
    private Object readResolve() {
      Builder builder = builder(name);
      inputs.forEach(builder::input);
      outputs.forEach(builder::output);
      initializers.forEach(builder::initializer);
      opaqueInitializers.forEach(builder::opaqueInitializer);
      opsets.forEach(builder::opset);
      metadata.forEach(builder::metadata);
      builder.nodes.addAll(nodes);
      Network network = builder.build().withGiven(given);
      return file == null ? network : network.readFrom(Path.of(file));
    }
  }

  private Object writeReplace() {
    return new Sent(
        name,
        new ArrayList<>(nodes),
        new ArrayList<>(inputs),
        new ArrayList<>(outputs),
        new LinkedHashMap<>(initializers),
        new LinkedHashMap<>(opaqueInitializers),
        new LinkedHashMap<>(opsets),
        new LinkedHashMap<>(metadata),
        new LinkedHashMap<>(given),
        file == null ? null : file.toString());
  }

  /// Returns an empty builder of a network.
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /// Returns the name of the graph.
  public String name() {
    return name;
  }

  /// Returns the nodes, each after those whose outputs it reads.
  public List<Node> nodes() {
    return nodes;
  }

  /// Returns the inputs that the user must supply.
  public List<ValueInfo> inputs() {
    return inputs;
  }

  /// Returns the outputs of the network.
  public List<ValueInfo> outputs() {
    return outputs;
  }

  /// Returns the constant tensors by name, in file order; they include the values of `Constant`
  /// nodes and the constants of inlined bodies (`If.3/then_branch/w`).
  public SequencedMap<String, Tensor> initializers() {
    return initializers;
  }

  /// Returns the constant tensor of that name.
  ///
  /// @throws IllegalArgumentException if there is none
  public Tensor tensor(String tensorName) {
    Tensor tensor = initializers.get(tensorName);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "the network has no initializer '%s'".formatted(tensorName));
    }
    return tensor;
  }

  /// Returns name and kind of the constant tensors that [Tensor] cannot hold (sparse, text, 8-bit
  /// float, …). They are written unchanged.
  public SequencedMap<String, String> opaqueInitializers() {
    return opaqueInitializers;
  }

  /// Returns the version of each operator set, by domain (empty for ONNX's own).
  public SequencedMap<String, Long> opsets() {
    return opsets;
  }

  /// Returns the version of ONNX's own operator set, 1 if the file names none.
  public long opset() {
    return opsets.getOrDefault("", 1L);
  }

  /// Returns the text properties, in file order.
  public SequencedMap<String, String> metadata() {
    return metadata;
  }

  /// Returns the source of the network; null if it was built in memory.
  public @Nullable Origin origin() {
    return origin;
  }

  /// Returns the node that computes a value.
  ///
  /// @return null for a graph input, a constant or an unknown name
  public @Nullable Node producer(String value) {
    return producers.get(value);
  }

  /// Returns the nodes that read a value, in order; a node that reads it twice is listed once.
  public List<Node> consumers(String value) {
    return consumers.getOrDefault(value, List.of());
  }

  /// Returns the network with some initializers replaced. Weights that the file stores in another
  /// form ([#storage]) become the nearest ones that it can store.
  ///
  /// @param replacements tensors by name; each has the type and shape of the one it replaces
  /// @throws IllegalArgumentException if there is no such initializer or type or shape differ
  public Network withTensors(Map<String, Tensor> replacements) {
    var changed = new LinkedHashMap<>(initializers);
    replacements.forEach((tensorName, tensor) -> {
      Tensor present = tensor(tensorName);
      if (present.type() != tensor.type() || !present.shape().equals(tensor.shape())) {
        throw new IllegalArgumentException(
            "initializer '%s' is %s, its replacement %s".formatted(tensorName, present, tensor));
      }
      changed.put(tensorName, storable(tensorName, tensor));
    });
    var change = new Change(this);
    change.initializers = Collections.unmodifiableSequencedMap(changed);
    return new Network(change);
  }

  /// Returns the weights that the file can store nearest to these; the same where it stores them as
  /// they are.
  public Tensor storable(String tensorName, Tensor weights) {
    WeightStorage storage = storage(tensorName);
    return storage == null ? weights : storage.nearest(weights);
  }

  /// Returns how the file stores the weights of that name.
  ///
  /// @return null if as they are
  public @Nullable WeightStorage storage(String tensorName) {
    return unfolded == null ? null : unfolded.storages().get(tensorName);
  }

  /// Returns the network with weights in place of constants and of the nodes that make weights of
  /// them. A written file holds the constants and the nodes.
  ///
  /// @param nodes all nodes of the result, in any order
  /// @param weights by name: of the constant that they take the place of, or of the value that was
  ///     made
  /// @param storages how each of them is stored
  public Network withStorages(
      List<Node> nodes, Map<String, Tensor> weights, Map<String, WeightStorage> storages) {
    var all = new LinkedHashMap<String, WeightStorage>();
    if (unfolded != null) {
      all.putAll(unfolded.storages());
    }
    all.putAll(storages);
    Network stored = unfolded == null ? this : unfolded.stored();
    var tensors = new LinkedHashMap<>(initializers);
    tensors.putAll(weights);
    var change = new Change(this);
    change.nodes = nodes;
    change.initializers = Collections.unmodifiableSequencedMap(tensors);
    change.unfolded = new Unfolded(stored, all);
    return new Network(change);
  }

  /// Returns the network as a file holds it: weights in their stored form, with the nodes that make
  /// weights of them. The network itself if no weights are stored in another form.
  public Network stored() {
    if (unfolded == null) {
      return this;
    }
    var tensors = new LinkedHashMap<>(unfolded.stored().initializers);
    initializers.forEach((tensorName, tensor) -> {
      if (storage(tensorName) == null) {
        tensors.put(tensorName, tensor);
      }
    });
    unfolded
        .storages()
        .forEach(
            (tensorName, storage) -> tensors.putAll(storage.stored(tensor(tensorName), tensors)));
    var change = new Change(unfolded.stored());
    change.inputs = inputs;
    change.outputs = outputs;
    change.initializers = Collections.unmodifiableSequencedMap(tensors);
    change.metadata = metadata;
    change.given = given;
    change.file = file;
    return new Network(change);
  }

  /// Returns the network with other text properties.
  ///
  /// @param properties all of them, in the order to write
  public Network withMetadata(Map<String, String> properties) {
    var change = new Change(this);
    change.metadata = frozen(properties);
    return new Network(change);
  }

  /// Returns the network with further text properties; those of the same name are replaced.
  ///
  /// @param properties in the order to write, after those that are there
  public Network withAddedMetadata(Map<String, String> properties) {
    var all = new LinkedHashMap<>(metadata);
    all.putAll(properties);
    return withMetadata(all);
  }

  /// Returns the network with `source` as the file that messages name.
  public Network readFrom(Path source) {
    var change = new Change(this);
    change.file = source;
    return new Network(change);
  }

  /// Returns the file that messages name; null if there is none.
  @Nullable Path file() {
    return file;
  }

  /// Returns the prefix of a node's label in messages: the file that the network was read from,
  /// with a colon; empty if it was built in memory.
  public String place() {
    return file == null ? "" : file + ": ";
  }

  /// Returns the network for examples of the given shapes: axes that the file leaves open are
  /// fixed. The axis of an input that counts examples, if open, stays open. A written file keeps
  /// the open axes.
  ///
  /// @param exampleShapes shapes by input, without the axis of examples
  /// @throws IllegalArgumentException if there is no such input, or it contradicts the shape: says
  ///     which
  public Network withExampleShapes(Map<String, List<Long>> exampleShapes) {
    exampleShapes.keySet().forEach(this::requireInput);
    var fixed =
        inputs.stream()
            .map(input -> {
              List<Long> shape = exampleShapes.get(input.name());
              return shape == null ? input : input.withExampleShape(shape);
            })
            .toList();
    return withInterface(fixed, outputs, given);
  }

  /// Returns the network with other types, sizes and axes of examples of its inputs and outputs. A
  /// file that is written keeps those that it had.
  ///
  /// @param inputs all inputs, of the same names in the same order
  /// @param outputs all outputs, of the same names in the same order
  /// @throws IllegalArgumentException if names differ
  public Network withInterface(List<ValueInfo> inputs, List<ValueInfo> outputs) {
    if (!names(inputs).equals(names(this.inputs)) || !names(outputs).equals(names(this.outputs))) {
      throw new IllegalArgumentException(
          "inputs %s and outputs %s in place of %s and %s"
              .formatted(inputs, outputs, this.inputs, this.outputs));
    }
    return withInterface(inputs, outputs, given);
  }

  private Network withInterface(
      List<ValueInfo> inputs, List<ValueInfo> outputs, SequencedMap<String, Tensor> given) {
    var change = new Change(this);
    change.inputs = inputs;
    change.outputs = outputs;
    change.given = given;
    return new Network(change);
  }

  /// Returns the network with the inputs, outputs and given values that another one of the same
  /// graph has, as far as this one has values of their names: it may have fewer outputs.
  public Network withInterfaceOf(Network other) {
    Network changed =
        withInterface(ofSameName(other.inputs, inputs), ofSameName(other.outputs, outputs));
    return changed.withInterface(changed.inputs, changed.outputs, other.given);
  }

  private static List<ValueInfo> ofSameName(List<ValueInfo> others, List<ValueInfo> values) {
    var byName = others.stream().collect(Collectors.toMap(ValueInfo::name, each -> each));
    return values.stream().map(value -> byName.getOrDefault(value.name(), value)).toList();
  }

  /// Returns the network with the axes of examples of another one of the same graph
  /// ([ValueInfo#exampleAxis]).
  ///
  /// @throws IllegalArgumentException if names of inputs or outputs differ
  public Network withAxesOf(Network other) {
    return withInterface(axesOf(other.inputs, inputs), axesOf(other.outputs, outputs));
  }

  private static List<ValueInfo> axesOf(List<ValueInfo> others, List<ValueInfo> values) {
    var changed = new ArrayList<ValueInfo>();
    for (int i = 0; i < others.size() && i < values.size(); i++) {
      changed.add(values.get(i).withExampleAxis(others.get(i).exampleAxis()));
    }
    return changed;
  }

  private static List<String> names(List<ValueInfo> values) {
    return values.stream().map(ValueInfo::name).toList();
  }

  /// Returns the values that inputs have in all examples, by input. They are no weights, and no
  /// file is written with them.
  public SequencedMap<String, Tensor> given() {
    return given;
  }

  /// Returns the network with values that inputs have in all examples, in addition to those that it
  /// has already. A value is that of the whole input, or, where [ValueInfo#exampleAxis] names an
  /// axis that counts examples, that of one example: without this axis, or with size 1 along it.
  ///
  /// @param values by input
  /// @throws IllegalArgumentException if there is no such input; the message lists the inputs
  public Network withGiven(Map<String, Tensor> values) {
    values.keySet().forEach(this::requireInput);
    var all = new LinkedHashMap<>(given);
    all.putAll(values);
    return withInterface(inputs, outputs, Collections.unmodifiableSequencedMap(all));
  }

  private void requireInput(String input) {
    if (!names(inputs).contains(input)) {
      throw new IllegalArgumentException(
          "there is no input '%s'; the inputs are %s".formatted(input, inputs));
    }
  }

  /// Returns whether the value of an input is given as a whole, so that it is a constant.
  public boolean isShared(ValueInfo input) {
    return given.containsKey(input.name())
        && (input.exampleAxis() == null || input.exampleAxis() == ValueInfo.NO_AXIS);
  }

  /// Returns the inputs whose values the samples hold: those that no value is given for.
  public List<ValueInfo> fedInputs() {
    return given.isEmpty()
        ? inputs
        : inputs.stream().filter(input -> !given.containsKey(input.name())).toList();
  }

  /// Returns the network with other nodes.
  ///
  /// @param nodes all nodes of the result, in any order
  /// @param tensors initializers that are added
  /// @param opaque initializers that are added and that [Tensor] cannot hold: name and kind
  public Network withNodes(
      List<Node> nodes, Map<String, Tensor> tensors, Map<String, String> opaque) {
    var change = new Change(this);
    change.nodes = nodes;
    change.initializers = joined(initializers, tensors);
    change.opaqueInitializers = joined(opaqueInitializers, opaque);
    return new Network(change);
  }

  /// Returns the network in which some inputs are constants or made by nodes. A written file keeps
  /// the inputs.
  ///
  /// @param constants initializers that are added; those with the name of an input replace it
  /// @param made nodes that are added; one whose output has the name of an input replaces it
  /// @throws IllegalArgumentException if the nodes do not form a graph with the others
  public Network withMadeInputs(Map<String, Tensor> constants, List<Node> made) {
    var replaced = new LinkedHashSet<>(constants.keySet());
    made.forEach(node -> replaced.addAll(node.outputs()));
    var all = new ArrayList<>(made);
    all.addAll(nodes);
    var change = new Change(this);
    change.nodes = all;
    change.inputs = inputs.stream().filter(input -> !replaced.contains(input.name())).toList();
    change.initializers = joined(initializers, constants);
    return new Network(change);
  }

  /// Returns the network with some of its nodes and the outputs that these make. A written file
  /// keeps the other nodes.
  ///
  /// @param kept nodes of this network
  /// @param outputs values that the nodes make, or that are inputs or constants
  /// @throws IllegalArgumentException if a kept node or an output needs one that is left out
  public Network withNodes(List<Node> kept, List<ValueInfo> outputs) {
    var change = new Change(this);
    change.nodes = kept;
    change.outputs = outputs;
    return new Network(change);
  }

  @Override
  public String toString() {
    return "%s: %d nodes, %d initializers, %s -> %s"
        .formatted(name, nodes.size(), initializers.size(), inputs, outputs);
  }

  private static Map<String, Node> producers(List<Node> nodes) {
    var producers = new LinkedHashMap<String, Node>();
    for (Node node : nodes) {
      node.outputs().forEach(output -> producers.put(output, node));
    }
    return producers;
  }

  private static Map<String, List<Node>> consumers(List<Node> nodes) {
    var consumers = new LinkedHashMap<String, List<Node>>();
    for (Node node : nodes) {
      for (String input : GraphOrder.valuesRead(node)) {
        consumers.computeIfAbsent(input, _ -> new ArrayList<>()).add(node);
      }
    }
    consumers.replaceAll((_, readers) -> List.copyOf(readers));
    return consumers;
  }

  private SequencedSet<String> givenNames() {
    var names = new LinkedHashSet<String>();
    inputs.forEach(input -> addOnce(names, input.name()));
    initializers.keySet().forEach(initializer -> addOnce(names, initializer));
    opaqueInitializers.keySet().forEach(initializer -> addOnce(names, initializer));
    return names;
  }

  private static void addOnce(Collection<String> names, String name) {
    if (!names.add(name)) {
      throw new IllegalArgumentException("two values are named '%s'".formatted(name));
    }
  }

  /// Returns the union of two maps. Constants that several copies of a body share are already
  /// present when the later copies are inlined.
  private static <V> SequencedMap<String, V> joined(Map<String, V> map, Map<String, V> more) {
    var all = new LinkedHashMap<>(map);
    more.forEach(all::putIfAbsent);
    return Collections.unmodifiableSequencedMap(all);
  }

  private static <V> SequencedMap<String, V> frozen(Map<String, V> map) {
    return Collections.unmodifiableSequencedMap(new LinkedHashMap<>(map));
  }

  /// Collects the parts of a network.
  public static final class Builder {
    private final String name;
    private final List<Node> nodes = new ArrayList<>();
    private final List<ValueInfo> inputs = new ArrayList<>();
    private final List<ValueInfo> outputs = new ArrayList<>();
    private final SequencedMap<String, Tensor> initializers = new LinkedHashMap<>();
    private final SequencedMap<String, String> opaqueInitializers = new LinkedHashMap<>();
    private final SequencedMap<String, Long> opsets = new LinkedHashMap<>();
    private final SequencedMap<String, String> metadata = new LinkedHashMap<>();
    private @Nullable Origin origin;

    private Builder(String name) {
      this.name = name;
    }

    /// Adds a node; nodes may come in any order. A `Constant` node becomes an initializer named
    /// like its output, unless [Tensor] cannot hold its value.
    ///
    /// @throws IllegalArgumentException if it is a `Constant` whose name is taken
    public Builder node(Node node) {
      Tensor constant = node.constant();
      if (constant != null) {
        return initializer(node.outputs().getFirst(), constant);
      }
      nodes.add(node);
      return this;
    }

    /// Adds an input that the user must supply.
    public Builder input(ValueInfo input) {
      inputs.add(input);
      return this;
    }

    /// Adds an output.
    public Builder output(ValueInfo output) {
      outputs.add(output);
      return this;
    }

    /// Adds a constant tensor.
    ///
    /// @throws IllegalArgumentException if the name is taken
    public Builder initializer(String tensorName, Tensor tensor) {
      if (initializers.putIfAbsent(tensorName, tensor) != null) {
        throw new IllegalArgumentException(
            "two constant tensors are named '%s'".formatted(tensorName));
      }
      return this;
    }

    /// Adds a constant tensor that [Tensor] cannot hold.
    ///
    /// @param kind name of the tensor's kind, for messages
    public Builder opaqueInitializer(String tensorName, String kind) {
      opaqueInitializers.put(tensorName, kind);
      return this;
    }

    /// Sets the version of an operator set; `ai.onnx` equals the empty domain.
    public Builder opset(String domain, long version) {
      opsets.put(domain.equals("ai.onnx") ? "" : domain, version);
      return this;
    }

    /// Adds a text property.
    public Builder metadata(String key, String value) {
      metadata.put(key, value);
      return this;
    }

    /// Sets the source of the network.
    public Builder origin(Origin source) {
      origin = source;
      return this;
    }

    /// Puts the nodes in order and checks the graph.
    ///
    /// @throws IllegalArgumentException if a value is made twice, is read and never made, or
    ///     depends on itself
    public Network build() {
      return new Network(this);
    }
  }
}
