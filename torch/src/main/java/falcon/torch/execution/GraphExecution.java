package falcon.torch.execution;

import falcon.model.Node;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.fusion.Fusion;
import falcon.torch.operator.Operands;
import falcon.torch.operator.Operator;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// Executes a network on one batch of samples, node by node, on the calling thread.
///
/// Values are released as soon as no later node reads them, unless they are *watched*. Closing
/// releases everything. The weights may be replaced between two nodes.
public final class GraphExecution implements AutoCloseable {
  private final GraphProgram program;
  private final Parameters parameters;
  private final Operands.Setting setting;
  private final Map<String, Tensor> values = new HashMap<>();
  private final Set<String> watched = new HashSet<>();
  private final Set<String> leaves = new HashSet<>();
  private final Map<String, Integer> readsLeft = new HashMap<>();
  private final Set<String> inherited = new HashSet<>();
  private final Inside inside = new Inside();
  private final boolean[] done;

  /// Indices of the nodes that are checked against their operands before each run; they are never
  /// fused.
  private final BitSet unchecked;

  private int @Nullable [] sampleNumbers;

  /// Index of the first node that [#runTo] has not passed.
  private int behind;

  /// @param inputs one for each input of the program, `[b, …]`; the caller's references are handed
  ///     over
  /// @param batchStatistics whether BatchNormalization uses its batch's own mean and variance
  public GraphExecution(
      GraphProgram program, Parameters parameters, List<Tensor> inputs, boolean batchStatistics) {
    this.program = program;
    this.parameters = parameters;
    this.setting = setting(program, parameters, batchStatistics);
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
    try {
      unchecked = program.checks().unknownNodes(inputs);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /// Creates an execution without inputs, for values that depend on constants only.
  public GraphExecution(GraphProgram program, Parameters parameters, boolean batchStatistics) {
    this.program = program;
    this.parameters = parameters;
    this.setting = setting(program, parameters, batchStatistics);
    this.done = new boolean[program.nodes().size()];
    this.unchecked = new BitSet();
    unchecked.set(0, done.length);
  }

  private static Operands.Setting setting(
      GraphProgram program, Parameters parameters, boolean batchStatistics) {
    return new Operands.Setting(program.network().opset(), parameters.precision(), batchStatistics);
  }

  private GraphExecution(GraphExecution other) {
    program = other.program;
    parameters = other.parameters;
    setting = other.setting;
    other.values.forEach((name, tensor) -> values.put(name, Torch.keep(tensor)));
    watched.addAll(other.watched);
    leaves.addAll(other.leaves);
    readsLeft.putAll(other.readsLeft);
    inherited.addAll(other.values.keySet());
    done = other.done.clone();
    unchecked = other.unchecked;
    sampleNumbers = other.sampleNumbers;
    behind = other.behind;
  }

  /// Creates a second execution that starts at the same node and leaves this one's values alone, to
  /// look ahead. This one waits until the other is closed.
  public GraphExecution fork() {
    return new GraphExecution(this);
  }

  /// Sets the sample numbers that messages use.
  ///
  /// @param numbers indices of the batch's samples in their data set, null if they have none
  void nameSamples(int @Nullable [] numbers) {
    sampleNumbers = numbers;
  }

  /// Returns the number of bytes of all live values.
  public long liveBytes() {
    return values.values().stream().mapToLong(Tensor::nbytes).sum();
  }

  /// Keeps a value until this is closed.
  public void watch(String value) {
    watched.add(value);
  }

  /// Releases a value as soon as no node is left that reads it.
  public void unwatch(String value) {
    watched.remove(value);
    if (readsLeft(value) == 0) {
      release(values.remove(value));
    }
  }

  /// Keeps a value and makes gradients with respect to it available: if nothing before it requires
  /// a gradient it becomes a leaf, so that no gradients of weights are computed.
  public void differentiate(String value) {
    watched.add(value);
    leaves.add(value);
  }

  /// Runs all nodes before the given one.
  public void runTo(int node) {
    for (; behind < node; behind++) {
      step(behind);
    }
  }

  /// Runs the remaining nodes; several are fused if no value between them is watched.
  ///
  /// @return the network's output; valid until this is closed
  public Tensor runToEnd() {
    var waiting = new HashMap<Integer, Fusion>();
    for (; behind < program.nodes().size(); behind++) {
      Fusion starting = possible(program.fusions().startingAt(behind));
      if (starting != null) {
        starting.nodes().forEach(node -> done[node] = true);
        waiting.put(starting.turn(), starting);
      }
      Fusion due = waiting.remove(behind);
      if (due == null) {
        step(behind);
      } else {
        run(due);
      }
    }
    return value(program.output());
  }

  /// Returns the largest possible fusion, from the given one downwards: none of its nodes is done
  /// or needs a check, and none of the values that it skips is watched.
  private @Nullable Fusion possible(@Nullable Fusion largest) {
    Fusion fusion = largest;
    while (fusion != null && !isPossible(fusion)) {
      fusion = fusion.smaller();
    }
    return fusion;
  }

  private boolean isPossible(Fusion fusion) {
    return fusion.nodes().stream().noneMatch(node -> done[node] || unchecked.get(node))
        && fusion.skipped().stream().noneMatch(watched::contains)
        && fusion.isPossible(parameters.fused(), setting);
  }

  /// Runs a fusion at its turn; where its operands do not fit, runs a smaller fusion and the
  /// remaining nodes.
  private void run(Fusion fusion) {
    if (isComputed(fusion)) {
      return;
    }
    fusion.nodes().forEach(node -> done[node] = false);
    Fusion smaller = possible(fusion.smaller());
    if (smaller != null) {
      smaller.nodes().forEach(node -> done[node] = true);
      run(smaller);
    }
    fusion.nodes().forEach(this::step);
  }

  private boolean isComputed(Fusion fusion) {
    try (var _ = new PointerScope()) {
      Tensor result = at(fusion.first(), in -> fusion.run(in, this::value, parameters.fused()));
      if (result == null) {
        return false;
      }
      store(program.nodes().get(fusion.nodes().getLast()), List.of(result));
    }
    fusion.nodes().forEach(node -> forgetInputs(program.nodes().get(node)));
    return true;
  }

  /// Runs only the nodes that a value depends on, and watches it.
  ///
  /// @return the value; valid until this is closed
  public Tensor compute(String name) {
    watch(name);
    int producer = program.producerOf(name);
    if (producer >= 0) {
      program.ancestors(producer, node -> !done[node]).stream().forEach(this::step);
    }
    return value(name);
  }

  /// @return a value that has been computed and not been released, or a constant; valid as long as
  ///     it is live
  public Tensor value(String name) {
    Tensor tensor = values.get(name);
    if (tensor == null && !parameters.contains(name)) {
      throw new IllegalStateException("value '%s' is not live".formatted(name));
    }
    return tensor == null ? parameters.get(name) : tensor;
  }

  /// Computes a node that depends on constants only, and makes its results constants.
  void fold(int index) {
    Node node = program.nodes().get(index);
    try (var _ = new PointerScope()) {
      List<Tensor> results = results(index);
      for (int i = 0; i < Math.min(results.size(), node.outputs().size()); i++) {
        parameters.add(node.outputs().get(i), Torch.keep(results.get(i)));
      }
    }
  }

  private void step(int index) {
    Node node = program.nodes().get(index);
    if (done[index] || parameters.contains(node.outputs().getFirst())) { // it was folded beforehand
      return;
    }
    done[index] = true;
    try (var _ = new PointerScope()) {
      store(node, results(index));
    }
    forgetInputs(node);
  }

  /// Computes the outputs of a node.
  private List<Tensor> results(int index) {
    Node node = program.nodes().get(index);
    return at(
        node,
        in -> {
          if (unchecked.get(index)) {
            program.checks().require(node, in);
          }
          return program.operator(index).run(in, inside);
        });
  }

  /// Runs an action on a node's operands; a failure is reported with the node's name.
  private <T extends @Nullable Object> T at(Node node, Function<Operands, T> work) {
    Operands in = null;
    try {
      in = operands(node);
      return work.apply(in);
    } catch (RuntimeException | OutOfMemoryError e) {
      throw NodeFailures.of(program.network(), node, in, sampleNumbers, e);
    }
  }

  private void store(Node node, List<Tensor> results) {
    for (int i = 0; i < node.outputs().size(); i++) {
      String output = node.outputs().get(i);
      if (readsLeft(output) > 0 || watched.contains(output)) {
        values.put(output, Torch.keep(differentiable(output, result(node, results, i))));
      }
    }
  }

  /// Releases the inputs that no other node is still to read.
  private void forgetInputs(Node node) {
    for (String input : node.inputs()) {
      int left = readsLeft(input) - 1;
      readsLeft.put(input, left);
      if (left == 0 && !watched.contains(input)) {
        release(values.remove(input));
      }
    }
  }

  private static Tensor result(Node node, List<Tensor> results, int output) {
    if (output >= results.size()) {
      throw UnsupportedNetworkException.of(
          node, "its output %d is not computed here".formatted(output));
    }
    return results.get(output);
  }

  private Tensor differentiable(String output, Tensor result) {
    return leaves.contains(output) && !result.requires_grad()
        ? result.detach().requires_grad_(true)
        : result;
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

  /// Observes the internal values of nodes that expose them.
  private final class Inside implements Operator.Observer {
    @Override
    public boolean isWanted(String value) {
      return watched.contains(value);
    }

    @Override
    public boolean isDifferentiated(String value) {
      return leaves.contains(value);
    }

    @Override
    public void see(String value, Tensor tensor) {
      values.put(value, Torch.keep(tensor));
    }
  }

  private Operands operands(Node node) {
    var tensors = new ArrayList<@Nullable Tensor>();
    var overwritable = new boolean[node.inputs().size()];
    for (int i = 0; i < node.inputs().size(); i++) {
      String name = node.input(i);
      Tensor value = name == null ? null : values.get(name);
      tensors.add(value != null || name == null ? value : parameters.get(name));
      overwritable[i] = name != null && value != null && isOverwritable(name, value);
    }
    return new Operands(node, tensors, overwritable, setting);
  }

  private boolean isOverwritable(String name, Tensor value) {
    if (watched.contains(name) || inherited.contains(name) || program.uses(name) != 1) {
      return false; // another reader, even a finished one, may have made a view of it
    }
    int producer = program.producerOf(name);
    return producer >= 0 && program.operator(producer).isFresh() && !value.requires_grad();
  }
}
