package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import falcon.model.operator.RecurrentActivation;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// ONNX's LSTM, GRU and RNN: each sequence of the batch in each direction is a part of the step.
///
/// Gates are in ONNX's order: input, output, forget, cell of an LSTM; update, reset, hidden of a
/// GRU.
///
/// Source: ONNX operator specification, LSTM, GRU and RNN, opsets 7 to 22; equations as there.
final class Recurrent implements Step {
  /// The weights of one direction, turned: a row of all gates for each input or state element.
  private static final class Direction {
    private final float[][] input;
    private final float[][] state;
    private final float[] bias;
    private final float[] stateBias;
    private final float[] peepholes;

    /// @param bias of the input and, for gates whose recurrent product is not scaled, of the state
    Direction(
        float[][] input, float[][] state, float[] bias, float[] stateBias, float[] peepholes) {
      this.input = input;
      this.state = state;
      this.bias = bias;
      this.stateBias = stateBias;
      this.peepholes = peepholes;
    }
  }

  private final String opType;
  private final MemorySegment x;
  private final @Nullable MemorySegment lengths;
  private final @Nullable MemorySegment firstState;
  private final @Nullable MemorySegment firstMemory;
  private final @Nullable MemorySegment outputs;
  private final @Nullable MemorySegment lastState;
  private final @Nullable MemorySegment lastMemory;
  private final Direction[] directions;
  private final List<RecurrentFunction> functions;
  private final int functionsPerDirection;
  private final boolean isReverse;
  private final boolean isBatchFirst;
  private final boolean isResetAfter;
  private final boolean isCoupled;
  private final float clip;
  private final int steps;
  private final int batch;
  private final int width;
  private final int hidden;
  private final int gates;

  static void addTo(Map<String, Operator> all) {
    for (String opType : List.of("LSTM", "GRU", "RNN")) {
      all.put(opType, Operator.of(in -> new Recurrent(in, opType)));
    }
  }

  private Recurrent(Operands in, String opType) {
    this.opType = opType;
    Value input = in.real(0).in(0);
    x = input.memory();
    lengths = in.has(4) ? in.memory(4) : null;
    firstState = in.has(5) ? in.memory(5) : null;
    firstMemory = in.has(6) && opType.equals("LSTM") ? in.memory(6) : null;
    outputs = in.makes(0) ? in.out(0).memory() : null;
    lastState = in.makes(1) ? in.out(1).memory() : null;
    lastMemory = in.makes(2) ? in.out(2).memory() : null;
    String direction = in.node().text("direction", "forward");
    isReverse = direction.equals("reverse");
    isBatchFirst = in.node().integer("layout", 0) != 0;
    isResetAfter = in.node().integer("linear_before_reset", 0) != 0;
    isCoupled = in.node().integer("input_forget", 0) != 0;
    clip = in.node().real("clip", Float.POSITIVE_INFINITY);
    steps = input.size(isBatchFirst ? 1 : 0);
    batch = input.size(isBatchFirst ? 0 : 1);
    width = input.size(2);
    hidden = in.in(2).size(2);
    functionsPerDirection = RecurrentActivation.usual(opType).size();
    gates = functionsPerDirection == 1 ? 1 : functionsPerDirection + 1;
    directions = new Direction[direction.equals("bidirectional") ? 2 : 1];
    functions = RecurrentFunction.of(in, directions.length);
    for (int d = 0; d < directions.length; d++) {
      directions[d] = direction(in, d);
    }
  }

  private Direction direction(Operands in, int d) {
    for (int i = 1; i < 8; i++) {
      if (i < 4 && in.has(i) && !in.in(i).isConstant()) {
        throw in.unsupported("its weights '%s' are no constant".formatted(in.in(i).name()));
      }
    }
    int all = gates * hidden;
    float[] biases = in.has(3) ? in.in(3).floats() : new float[directions.length * 2 * all];
    float[] own = Arrays.copyOfRange(biases, d * 2 * all, d * 2 * all + all);
    float[] ofState = Arrays.copyOfRange(biases, d * 2 * all + all, (d + 1) * 2 * all);
    boolean isApart = opType.equals("GRU") && isResetAfter;
    for (int i = 0; i < (isApart ? 2 * hidden : all); i++) {
      own[i] += ofState[i];
    }
    var peepholes = new float[3 * hidden];
    if (opType.equals("LSTM") && in.has(7)) {
      float[] given = in.in(7).floats();
      peepholes = Arrays.copyOfRange(given, d * 3 * hidden, (d + 1) * 3 * hidden);
    }
    return new Direction(
        turned(in.in(1).floats(), d, width),
        turned(in.in(2).floats(), d, hidden),
        own,
        ofState,
        peepholes);
  }

  private float[][] turned(float[] weights, int d, int columns) {
    int all = gates * hidden;
    var rows = new float[columns][all];
    for (int i = 0; i < all; i++) {
      for (int j = 0; j < columns; j++) {
        rows[j][i] = weights[(d * all + i) * columns + j];
      }
    }
    return rows;
  }

  @Override
  public int parts() {
    return Math.max(1, directions.length * batch);
  }

  @Override
  public void run(int part, Workspace workspace) {
    if (batch == 0) {
      return;
    }
    int d = part / batch;
    int item = part % batch;
    Direction direction = directions[d];
    float[] state = workspace.floats(0, hidden);
    float[] memory = workspace.floats(1, hidden);
    load(firstState, d, item, state);
    load(firstMemory, d, item, memory);
    long length = lengths == null ? steps : lengths.getAtIndex(JAVA_LONG, item);
    float[] input = workspace.floats(2, Math.max(width, hidden));
    float[] sums = workspace.floats(3, gates * hidden);
    boolean isBackwards = d == 1 || isReverse;
    for (int i = 0; i < steps; i++) {
      int t = isBackwards ? steps - 1 - i : i;
      if (t >= length) {
        store(t, d, item, null);
        continue;
      }
      long at = isBatchFirst ? (long) item * steps + t : (long) t * batch + item;
      MemorySegment.copy(x, JAVA_FLOAT, 4 * at * width, input, 0, width);
      System.arraycopy(direction.bias, 0, sums, 0, gates * hidden);
      MatrixProduct.addRows(sums, direction.input, input, width, gates * hidden);
      switch (opType) {
        case "LSTM" -> lstm(direction, d, state, memory, sums, workspace);
        case "GRU" -> gru(direction, d, state, sums, workspace);
        default -> {
          MatrixProduct.addRows(sums, direction.state, state, hidden, hidden);
          activate(function(d, 0), sums, 0, true, workspace);
          System.arraycopy(sums, 0, state, 0, hidden);
        }
      }
      store(t, d, item, state);
    }
    last(lastState, d, item, state);
    last(lastMemory, d, item, memory);
  }

  private RecurrentFunction function(int d, int number) {
    return functions.get(d * functionsPerDirection + number);
  }

  private void lstm(
      Direction weights, int d, float[] state, float[] memory, float[] sums, Workspace workspace) {
    int n = hidden;
    MatrixProduct.addRows(sums, weights.state, state, n, 4 * n);
    for (int j = 0; j < n; j++) {
      sums[j] += weights.peepholes[j] * memory[j];
      sums[2 * n + j] += weights.peepholes[2 * n + j] * memory[j];
    }
    activate(function(d, 0), sums, 0, true, workspace);
    activate(function(d, 0), sums, 2 * n, true, workspace);
    activate(function(d, 1), sums, 3 * n, true, workspace);
    for (int j = 0; j < n; j++) {
      float forget = isCoupled ? 1 - sums[j] : sums[2 * n + j];
      memory[j] = forget * memory[j] + sums[j] * sums[3 * n + j];
      sums[n + j] += weights.peepholes[n + j] * memory[j];
      sums[3 * n + j] = memory[j];
    }
    activate(function(d, 0), sums, n, true, workspace);
    activate(function(d, 2), sums, 3 * n, false, workspace);
    for (int j = 0; j < n; j++) {
      state[j] = sums[n + j] * sums[3 * n + j];
    }
  }

  private void gru(Direction weights, int d, float[] state, float[] sums, Workspace workspace) {
    int n = hidden;
    float[] product = workspace.floats(4, 3 * n);
    float[] kept = workspace.floats(5, n);
    Arrays.fill(product, 0, 3 * n, 0);
    MatrixProduct.addRows(product, weights.state, state, n, isResetAfter ? 3 * n : 2 * n);
    for (int j = 0; j < 2 * n; j++) {
      sums[j] += product[j];
    }
    activate(function(d, 0), sums, 0, true, workspace);
    activate(function(d, 0), sums, n, true, workspace);
    if (isResetAfter) {
      for (int j = 0; j < n; j++) {
        sums[2 * n + j] += sums[n + j] * (product[2 * n + j] + weights.stateBias[2 * n + j]);
      }
    } else {
      for (int j = 0; j < n; j++) {
        kept[j] = sums[n + j] * state[j];
      }
      Arrays.fill(product, 0, 3 * n, 0);
      MatrixProduct.addRows(product, weights.state, kept, n, 3 * n);
      for (int j = 0; j < n; j++) {
        sums[2 * n + j] += product[2 * n + j];
      }
    }
    activate(function(d, 1), sums, 2 * n, true, workspace);
    for (int j = 0; j < n; j++) {
      state[j] = sums[2 * n + j] + sums[j] * (state[j] - sums[2 * n + j]);
    }
  }

  private void activate(
      RecurrentFunction function, float[] sums, int from, boolean isGate, Workspace workspace) {
    float[] gate = workspace.floats(Workspace.SLOTS - 2, hidden);
    System.arraycopy(sums, from, gate, 0, hidden);
    if (isGate && clip < Float.POSITIVE_INFINITY) {
      for (int j = 0; j < hidden; j++) {
        gate[j] = Math.min(Math.max(gate[j], -clip), clip);
      }
    }
    function.apply(gate, hidden, workspace);
    System.arraycopy(gate, 0, sums, from, hidden);
  }

  private void load(@Nullable MemorySegment from, int d, int item, float[] to) {
    if (from == null) {
      Arrays.fill(to, 0, hidden, 0);
    } else {
      MemorySegment.copy(from, JAVA_FLOAT, 4 * stateAt(d, item), to, 0, hidden);
    }
  }

  private long stateAt(int d, int item) {
    long row = isBatchFirst ? (long) item * directions.length + d : (long) d * batch + item;
    return row * hidden;
  }

  private void last(@Nullable MemorySegment to, int d, int item, float[] from) {
    if (to != null) {
      MemorySegment.copy(from, 0, to, JAVA_FLOAT, 4 * stateAt(d, item), hidden);
    }
  }

  /// Stores the output of a step; zeros behind the end of a sequence.
  private void store(int t, int d, int item, float @Nullable [] state) {
    if (outputs == null) {
      return;
    }
    long row =
        isBatchFirst
            ? ((long) item * steps + t) * directions.length + d
            : ((long) t * directions.length + d) * batch + item;
    if (state == null) {
      outputs.asSlice(4 * row * hidden, 4L * hidden).fill((byte) 0);
    } else {
      MemorySegment.copy(state, 0, outputs, JAVA_FLOAT, 4 * row * hidden, hidden);
    }
  }
}
