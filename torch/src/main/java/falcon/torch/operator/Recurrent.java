package falcon.torch.operator;

import falcon.model.Node;
import falcon.torch.Torch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// The implementation of ONNX's LSTM, GRU and RNN, step by step, in either direction.
///
/// The input weights are multiplied with all steps in one product; the recurrent weights in one
/// product per step. Both products can be observed, and gradients with respect to them computed
/// ([RecurrentValues]).
///
/// Source: ONNX operator specification, LSTM, GRU and RNN, opsets 7 to 22; equations as there.
public final class Recurrent {
  private final Node node;
  private final Operands operands;
  private final Operator.Observer observer;
  private final RecurrentValues values;
  private final RecurrentCell cell;
  private final Tensor x; // [b, T, k]
  private final Tensor recurrentWeights; // [directions, gates · hidden, hidden]
  private final @Nullable Tensor bias; // [directions, 2 · gates · hidden]
  private final @Nullable Tensor isInside; // [b, T, 1], 1 or 0
  private final int directions;
  private final int gates;
  private final long hidden;

  private Recurrent(Operands operands, Operator.Observer observer) {
    this.node = operands.node();
    this.operands = operands;
    this.observer = observer;
    this.values = RecurrentValues.of(node);
    this.cell = RecurrentCell.of(node);
    this.x = isBatchFirst() ? operands.get(0) : operands.get(0).transpose(0, 1);
    this.recurrentWeights = operands.get(2);
    this.bias = operands.tensor(3);
    this.directions = directions(node);
    this.gates = cell.gates();
    this.hidden = recurrentWeights.size(2);
    Tensor lengths = operands.tensor(4);
    this.isInside = lengths == null ? null : inside(lengths);
  }

  static void addTo(Map<String, Operator> operators) {
    for (String opType : List.of("LSTM", "GRU", "RNN")) {
      operators.put(
          opType, Operator.ofObserved(Recurrent::run, node -> RecurrentValues.of(node).all()));
    }
  }

  /// Runs a node.
  ///
  /// @return the node's outputs
  /// @throws UnsupportedNetworkException if one of its attributes is not supported
  private static List<Tensor> run(Operands operands, Operator.Observer observer) {
    return new Recurrent(operands, observer).run();
  }

  public static int directions(Node node) {
    return node.text("direction", "forward").equals("bidirectional") ? 2 : 1;
  }

  /// Returns the number of groups of states that the recurrent weights are multiplied with
  /// ([RecurrentValues]).
  public static int groups(Node node) {
    boolean isReset = node.is("GRU") && node.integer("linear_before_reset", 0) == 0;
    return directions(node) * (isReset ? 3 : 1);
  }

  private boolean isBatchFirst() {
    return node.integer("layout", 0) != 0;
  }

  private Tensor inside(Tensor lengths) {
    Tensor steps = torch.arange(new Scalar(x.size(1)), new TensorOptions(torch.ScalarType.Long));
    return steps
        .unsqueeze(0)
        .lt(lengths.to(torch.ScalarType.Long).unsqueeze(1))
        .to(Torch.type(x))
        .unsqueeze(2);
  }

  private List<Tensor> run() {
    Tensor weights = operands.get(1); // [directions, gates · hidden, k]
    Tensor products = x.matmul(weights.reshape(-1, weights.size(2)).t());
    if (observer.isWanted(values.wInput())) {
      observer.see(values.wInput(), masked(x));
    }
    if (observer.isDifferentiated(values.wOutput()) && !products.requires_grad()) {
      products = products.detach().requires_grad_(true);
    }
    if (observer.isWanted(values.wOutput())) {
      boolean isLeaf = observer.isDifferentiated(values.wOutput());
      observer.see(values.wOutput(), isLeaf ? products : masked(products));
    }
    Tensor probe = // gradients by the products equal those by zeros added to them
        observer.isDifferentiated(values.rOutput())
            ? torch.zeros_like(products.detach()).requires_grad_(true)
            : null;
    var runs = new ArrayList<Run>();
    for (int d = 0; d < directions; d++) {
      runs.add(new Run(d, part(products, d), probe == null ? null : part(probe, d)));
      runs.getLast().run();
    }
    if (observer.isWanted(values.rInput())) {
      observer.see(values.rInput(), masked(joined(runs.stream().map(run -> run.reads).toList())));
    }
    if (probe != null) {
      observer.see(values.rOutput(), probe);
    } else if (observer.isWanted(values.rOutput())) {
      observer.see(
          values.rOutput(), masked(joined(runs.stream().map(run -> run.products).toList())));
    }
    return List.of(
        outputs(runs),
        last(runs.stream().map(run -> run.state).toList()),
        last(runs.stream().map(run -> run.memory).toList()));
  }

  /// @return the direction's features of `[b, T, directions · n]`
  private Tensor part(Tensor value, int direction) {
    long n = value.size(2) / directions;
    return value.narrow(2, (long) direction * n, n);
  }

  private Tensor masked(Tensor value) {
    return isInside == null ? value : value.mul(isInside);
  }

  private static Tensor joined(List<List<Tensor>> steps) {
    var parts = new TensorVector(steps.size());
    for (int d = 0; d < steps.size(); d++) {
      parts.put(d, torch.stack(vector(steps.get(d)), 1));
    }
    return torch.cat(parts, 2);
  }

  private static TensorVector vector(List<Tensor> tensors) {
    return new TensorVector(tensors.toArray(Tensor[]::new));
  }

  /// @return `[T, directions, b, hidden]`, or `[b, T, directions, hidden]`
  private Tensor outputs(List<Run> runs) {
    var parts = new TensorVector(runs.size());
    for (int d = 0; d < runs.size(); d++) {
      parts.put(d, torch.stack(vector(runs.get(d).outputs), 1)); // [b, T, hidden]
    }
    Tensor outputs = torch.stack(parts, 2);
    return isBatchFirst() ? outputs : outputs.permute(1, 2, 0, 3);
  }

  private Tensor last(List<Tensor> states) {
    return torch.stack(vector(states), isBatchFirst() ? 1 : 0);
  }

  /// One direction of the node.
  private final class Run {
    private final int direction;
    private final List<Tensor> products = new ArrayList<>();
    private final List<Tensor> reads = new ArrayList<>();
    private final List<Tensor> outputs = new ArrayList<>();
    private final TensorVector inputs;
    private final @Nullable TensorVector probes;
    private Tensor state;
    private Tensor memory;

    Run(int direction, Tensor inputs, @Nullable Tensor probe) {
      this.direction = direction;
      this.inputs = inputs.unbind(1);
      this.probes = probe == null ? null : probe.unbind(1);
      this.state = initial(5);
      this.memory = initial(6);
    }

    /// @return `[b, hidden]`
    private Tensor initial(int operand) {
      Tensor given = operand == 6 && !node.is("LSTM") ? null : operands.tensor(operand);
      if (given == null) {
        return torch.zeros(new long[] {x.size(0), hidden}, x.options());
      }
      return given.select(isBatchFirst() ? 1 : 0, direction);
    }

    void run() {
      Tensor weights = recurrentWeights.select(0, direction).t(); // [hidden, gates · hidden]
      Tensor inputBias = bias(0);
      Tensor recurrentBias = bias(1);
      Tensor peepholes =
          node.is("LSTM") && operands.tensor(7) != null
              ? operands.get(7).select(0, direction)
              : null;
      int steps = (int) inputs.size();
      boolean isReverse = direction == 1 || node.text("direction", "forward").equals("reverse");
      for (int i = 0; i < steps; i++) {
        int t = isReverse ? steps - 1 - i : i;
        step(t, weights, inputBias, recurrentBias, peepholes);
      }
      if (isReverse) {
        List.of(outputs, reads, products).forEach(Collections::reverse);
      }
    }

    /// @return half of the biases, `[gates · hidden]`; null if there are none
    private @Nullable Tensor bias(int half) {
      return bias == null
          ? null
          : bias.select(0, direction).narrow(0, (long) half * gates * hidden, gates * hidden);
    }

    /// Takes a step: replaces state and memory, records the output and the observed values.
    private void step(
        int t,
        Tensor weights,
        @Nullable Tensor inputBias,
        @Nullable Tensor recurrentBias,
        @Nullable Tensor peepholes) {
      var kept = new ArrayList<Tensor>();
      try (var _ = new PointerScope()) {
        Tensor input = inputBias == null ? inputs.get(t) : inputs.get(t).add(inputBias);
        RecurrentCell.Result result =
            cell.step(
                new RecurrentCell.Step(
                    direction,
                    input,
                    state,
                    memory,
                    weights,
                    recurrentBias,
                    peepholes,
                    probes == null ? null : probes.get(t)));
        Tensor output = result.state();
        Tensor nextState = result.state();
        Tensor nextMemory = result.memory();
        if (isInside != null) {
          Tensor inside = isInside.select(1, t);
          Tensor outside = torch.ones_like(inside).sub(inside);
          output = output.mul(inside);
          nextState = output.add(state.mul(outside));
          nextMemory = nextMemory.mul(inside).add(memory.mul(outside));
        }
        kept.addAll(List.of(output, nextState, nextMemory));
        if (isObserved()) {
          kept.addAll(List.of(result.read(), result.product()));
        }
        kept.replaceAll(Torch::keep);
      }
      kept.forEach(Torch::giveToScope);
      outputs.add(kept.get(0));
      state = kept.get(1);
      memory = kept.get(2);
      if (kept.size() > 3) {
        reads.add(kept.get(3));
        products.add(kept.get(4));
      }
    }

    private boolean isObserved() {
      return observer.isWanted(values.rInput()) || observer.isWanted(values.rOutput());
    }
  }
}
