package falcon.torch;

import falcon.model.Node;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// One batch of samples on its way through a network, node by node, on the calling thread.
///
/// Values are given back as soon as no later node reads them, unless they are *watched*. Closing gives
/// back everything. The weights may be replaced while the execution stands before a node.
final class GraphExecution implements AutoCloseable {
  /// Operators whose result is a fresh tensor that nothing else points into.
  private static final Set<String> FRESH =
      Set.of("Conv", "BatchNormalization", "Add", "Sub", "Mul", "Div", "Gemm", "MatMul", "Relu");

  private final GraphProgram program;
  private final Parameters parameters;
  private final boolean batchStatistics;
  private final Map<String, Tensor> values = new HashMap<>();
  private final Set<String> watched = new HashSet<>();
  private final Set<String> leaves = new HashSet<>();
  private final Set<String> inherited = new HashSet<>();
  private final Map<String, Integer> readsLeft = new HashMap<>();
  private final boolean[] done;

  /// Number of the first node that [#runTo] has not passed.
  private int behind;

  /// @param inputs one for each input of the program, `[b, …]`; this takes over the caller's references
  /// @param batchStatistics whether BatchNormalization uses its batch's own mean and variance
  GraphExecution(
      GraphProgram program, Parameters parameters, List<Tensor> inputs, boolean batchStatistics) {
    this.program = program;
    this.parameters = parameters;
    this.batchStatistics = batchStatistics;
    this.done = new boolean[program.nodes().size()];
    List<String> names = program.inputs();
    if (names.size() != inputs.size()) {
      throw new UnsupportedNetworkException(
          "the network takes %d inputs (%s), it was given %d"
              .formatted(names.size(), program.network().inputs(), inputs.size()));
    }
    for (int i = 0; i < names.size(); i++) {
      values.put(names.get(i), inputs.get(i));
    }
  }

  private GraphExecution(GraphExecution other) {
    program = other.program;
    parameters = other.parameters;
    batchStatistics = other.batchStatistics;
    other.values.forEach((name, tensor) -> values.put(name, Torch.keep(tensor)));
    watched.addAll(other.watched);
    leaves.addAll(other.leaves);
    readsLeft.putAll(other.readsLeft);
    done = other.done.clone();
    behind = other.behind;
    inherited.addAll(other.values.keySet());
  }

  /// A second execution that starts where this one stands and leaves its values alone: to look ahead. This
  /// one waits until the other is closed.
  GraphExecution fork() {
    return new GraphExecution(this);
  }

  /// Bytes of all values that are live.
  long liveBytes() {
    return values.values().stream().mapToLong(Tensor::nbytes).sum();
  }

  /// Keeps a value until this is closed.
  void watch(String value) {
    watched.add(value);
  }

  /// Gives a value back as soon as no node is left that reads it.
  void unwatch(String value) {
    watched.remove(value);
    if (readsLeft(value) == 0) {
      release(values.remove(value));
    }
  }

  /// Keeps a value and makes gradients with respect to it available: if nothing before it needs a
  /// gradient it becomes a leaf, so that no gradients of weights are computed.
  void differentiate(String value) {
    watched.add(value);
    leaves.add(value);
  }

  /// Runs all nodes before the one of that number.
  void runTo(int node) {
    for (; behind < node; behind++) {
      step(behind);
    }
  }

  /// Runs what is left.
  ///
  /// @return the network's output; valid until this is closed
  Tensor runToEnd() {
    runTo(program.nodes().size());
    return value(program.output());
  }

  /// Runs just those nodes that a value depends on, and watches it.
  ///
  /// @return the value; valid until this is closed
  Tensor compute(String name) {
    watch(name);
    int producer = program.producerOf(name);
    if (producer >= 0) {
      program.ancestors(producer, node -> !done[node]).stream().forEach(this::step);
    }
    return value(name);
  }

  /// @return a constant, or a value as [#compute] gives it
  Tensor operand(String name) {
    return parameters.contains(name) ? parameters.get(name) : compute(name);
  }

  /// @return a value that has been computed and not been given back; valid as long as it is live
  Tensor value(String name) {
    Tensor tensor = values.get(name);
    if (tensor == null) {
      throw new IllegalStateException("value '%s' is not live".formatted(name));
    }
    return tensor;
  }

  private void step(int index) {
    Node node = program.nodes().get(index);
    if (done[index] || node.is("Constant")) { // constants are among the parameters
      return;
    }
    done[index] = true;
    try (var _ = new PointerScope()) {
      if (RecurrentValues.has(node)) {
        Recurrent.run(node, new NodeOperands(node), new Inside())
            .forEach((name, value) -> values.put(name, Torch.keep(value)));
      } else {
        Tensor result = Operators.run(node, new NodeOperands(node), batchStatistics);
        String output = node.outputs().getFirst();
        if (leaves.contains(output) && !result.requires_grad()) {
          result = result.detach().requires_grad_(true);
        }
        values.put(output, Torch.keep(result));
      }
    }
    for (String input : node.inputs()) {
      int left = readsLeft(input) - 1;
      readsLeft.put(input, left);
      if (left == 0 && !watched.contains(input)) {
        release(values.remove(input));
      }
    }
  }

  private int readsLeft(String value) {
    return readsLeft.getOrDefault(value, program.uses(value));
  }

  private static void release(@Nullable Tensor tensor) {
    if (tensor != null) {
      tensor.releaseReference();
    }
  }

  @Override
  public void close() {
    values.values().forEach(Pointer::releaseReference);
    values.clear();
  }

  private final class Inside implements Recurrent.Observer {
    @Override
    public boolean isWanted(String value) {
      return watched.contains(value);
    }

    @Override
    public boolean isDifferentiated(String value) {
      return leaves.contains(value);
    }
  }

  private final class NodeOperands implements Operators.Operands {
    private final Node node;

    NodeOperands(Node node) {
      this.node = node;
    }

    @Override
    public @Nullable Tensor tensor(int index) {
      String name = node.input(index);
      if (name == null) {
        return null;
      }
      Tensor value = values.get(name);
      return value != null ? value : parameters.get(name);
    }

    @Override
    public long[] constantLongs(int index) {
      String name = node.input(index);
      falcon.model.Tensor constant =
          name == null ? null : program.network().initializers().get(name);
      if (constant == null) {
        throw Operators.unsupported(node, "input %d is not a constant".formatted(index));
      }
      return constant.toLongs();
    }

    @Override
    public long opset() {
      return program.network().opset();
    }

    @Override
    public boolean isOverwritable(int index) {
      String name = node.input(index);
      if (name == null
          || watched.contains(name)
          || inherited.contains(name)
          || program.uses(name) != 1) {
        return false; // another reader, even one that is done, may have made a view of it
      }
      Tensor value = values.get(name);
      int producer = program.producerOf(name);
      return value != null
          && producer >= 0
          && FRESH.contains(program.nodes().get(producer).opType())
          && !value.requires_grad();
    }
  }
}
