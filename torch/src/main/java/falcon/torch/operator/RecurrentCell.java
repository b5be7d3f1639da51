package falcon.torch.operator;

import falcon.model.Node;
import falcon.model.operator.RecurrentActivation;
import falcon.torch.UnsupportedNetworkException;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// One step of a recurrent node.
///
/// Gates are in ONNX's order: input, output, forget, cell of an LSTM; update, reset, hidden of a
/// GRU; one of an RNN. Peepholes are those of input, output, forget.
///
/// @param kind type of the node
/// @param activations f, and g and h where the kind has them, of each direction
/// @param isResetAfter whether a GRU resets after the product with its recurrent weights
/// @param isCoupled whether an LSTM couples its gates: forget gate = 1 − input gate
/// @param clip bound of the inputs to the activations of gates and candidates, in either direction;
///     infinite for none
record RecurrentCell(
    Kind kind,
    List<RecurrentActivation> activations,
    boolean isResetAfter,
    boolean isCoupled,
    double clip) {
  enum Kind {
    LSTM(4),
    GRU(3),
    RNN(1);

    private final int gates;

    Kind(int gates) {
      this.gates = gates;
    }

    /// Returns the number of functions of one direction.
    int activations() {
      return RecurrentActivation.usual(name()).size();
    }
  }

  /// The operands of a step.
  ///
  /// @param direction 0, or 1 for the second of two
  /// @param input product of the input and its weights, with its bias, `[b, gates · hidden]`
  /// @param state state of the previous step, `[b, hidden]`
  /// @param memory the LSTM's cell state, `[b, hidden]`
  /// @param weights recurrent weights, `[hidden, gates · hidden]`
  /// @param bias bias of the recurrent product
  /// @param peepholes `[3 · hidden]`
  /// @param probe added to the recurrent product
  record Step(
      int direction,
      Tensor input,
      Tensor state,
      Tensor memory,
      Tensor weights,
      @Nullable Tensor bias,
      @Nullable Tensor peepholes,
      @Nullable Tensor probe) {}

  /// The results of a step.
  ///
  /// @param state `[b, hidden]`
  /// @param memory `[b, hidden]`; that of the previous step for nodes without a cell state
  /// @param read values that the recurrent weights were multiplied with, `[b, groups · hidden]`
  /// @param product product of these with the weights, `[b, gates · hidden]`
  record Result(Tensor state, Tensor memory, Tensor read, Tensor product) {}

  static RecurrentCell of(Node node) {
    Kind kind = Kind.valueOf(node.opType());
    return new RecurrentCell(
        kind,
        activations(node),
        node.integer("linear_before_reset", 0) != 0,
        node.integer("input_forget", 0) != 0,
        node.real("clip", Float.POSITIVE_INFINITY));
  }

  private static List<RecurrentActivation> activations(Node node) {
    try {
      return RecurrentActivation.of(node, Recurrent.directions(node));
    } catch (IllegalArgumentException e) {
      throw UnsupportedNetworkException.of(node, String.valueOf(e.getMessage()));
    }
  }

  int gates() {
    return kind.gates;
  }

  Result step(Step step) {
    return switch (kind) {
      case LSTM -> lstm(step);
      case GRU -> isResetAfter ? gruResetAfter(step) : gruResetBefore(step);
      case RNN -> {
        Tensor product = probed(step.state.mm(step.weights), step, 0, 1);
        Tensor state = activated(0, step, withBias(product, step, 0, 1).add(step.input));
        yield new Result(state, step.memory, step.state, product);
      }
    };
  }

  private Result lstm(Step step) {
    Tensor product = probed(step.state.mm(step.weights), step, 0, 4);
    Tensor gates = withBias(product, step, 0, 4).add(step.input);
    Tensor in = activated(0, step, peeped(gate(gates, 0, step), step, 0, step.memory));
    Tensor forget =
        isCoupled
            ? torch.ones_like(in).sub(in)
            : activated(0, step, peeped(gate(gates, 2, step), step, 2, step.memory));
    Tensor candidate = activated(1, step, gate(gates, 3, step));
    Tensor memory = forget.mul(step.memory).add(in.mul(candidate));
    Tensor out = activated(0, step, peeped(gate(gates, 1, step), step, 1, memory));
    return new Result(
        out.mul(RecurrentFunction.of(activation(2, step), memory)), memory, step.state, product);
  }

  private Result gruResetAfter(Step step) {
    Tensor product = probed(step.state.mm(step.weights), step, 0, 3);
    Tensor recurrent = withBias(product, step, 0, 3);
    Tensor update = activated(0, step, gate(step.input, 0, step).add(gate(recurrent, 0, step)));
    Tensor reset = activated(0, step, gate(step.input, 1, step).add(gate(recurrent, 1, step)));
    Tensor candidate =
        activated(1, step, gate(step.input, 2, step).add(reset.mul(gate(recurrent, 2, step))));
    return new Result(mixed(update, candidate, step.state), step.memory, step.state, product);
  }

  private Result gruResetBefore(Step step) {
    long hidden = step.state.size(1);
    Tensor first = step.weights.narrow(1, 0, 2 * hidden);
    Tensor product = probed(step.state.mm(first), step, 0, 2);
    Tensor recurrent = withBias(product, step, 0, 2);
    Tensor update = activated(0, step, gate(step.input, 0, step).add(gate(recurrent, 0, step)));
    Tensor reset = activated(0, step, gate(step.input, 1, step).add(gate(recurrent, 1, step)));
    Tensor kept = reset.mul(step.state);
    Tensor last = probed(kept.mm(step.weights.narrow(1, 2 * hidden, hidden)), step, 2, 1);
    Tensor candidate =
        activated(1, step, gate(step.input, 2, step).add(withBias(last, step, 2, 1)));
    return new Result(
        mixed(update, candidate, step.state),
        step.memory,
        joined(step.state, step.state, kept),
        joined(product, last));
  }

  /// Returns (1 − update) · candidate + update · state.
  private static Tensor mixed(Tensor update, Tensor candidate, Tensor state) {
    return candidate.add(update.mul(state.sub(candidate)));
  }

  private static Tensor joined(Tensor... parts) {
    return torch.cat(new TensorVector(parts), 1);
  }

  /// Adds the probe to a product, for some gates from a given one on.
  private static Tensor probed(Tensor product, Step step, int gate, int gates) {
    long hidden = step.state.size(1);
    return step.probe == null
        ? product
        : product.add(step.probe.narrow(1, gate * hidden, gates * hidden));
  }

  private static Tensor withBias(Tensor product, Step step, int gate, int gates) {
    long hidden = step.state.size(1);
    return step.bias == null
        ? product
        : product.add(step.bias.narrow(0, gate * hidden, gates * hidden));
  }

  private static Tensor gate(Tensor gates, int gate, Step step) {
    long hidden = step.state.size(1);
    return gates.narrow(1, gate * hidden, hidden);
  }

  private static Tensor peeped(Tensor gate, Step step, int peephole, Tensor memory) {
    long hidden = memory.size(1);
    return step.peepholes == null
        ? gate
        : gate.add(step.peepholes.narrow(0, peephole * hidden, hidden).mul(memory));
  }

  private Tensor activated(int activation, Step step, Tensor value) {
    boolean isClipped = clip < Double.POSITIVE_INFINITY;
    Tensor bounded =
        isClipped
            ? value.clamp(
                new ScalarOptional(new Scalar(-clip)), new ScalarOptional(new Scalar(clip)))
            : value;
    return RecurrentFunction.of(activation(activation, step), bounded);
  }

  private RecurrentActivation activation(int activation, Step step) {
    return activations.get(step.direction * kind.activations() + activation);
  }
}
