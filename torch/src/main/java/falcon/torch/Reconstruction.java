package falcon.torch;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.jspecify.annotations.Nullable;

/// Re-fits weights layer by layer, in graph order: each layer is to give the outputs that the dense
/// network's layer gives, from the inputs that it gets in the pruned network.
///
/// Both networks are evaluated once, side by side; what is live between two layers is held for all
/// samples. Where a layer's output ends in a sum (a residual block), the error that the other operand
/// has already is part of what the layer should make good:
///
/// ```
/// layer output y, then a·y + b (BatchNormalization or nothing), then + v:
/// wanted y = y_dense + (v_dense − v_pruned) / a
/// ```
///
/// The mean of the outputs is fitted through the layer's bias or, where BatchNormalization follows,
/// through its running mean; neither costs budget.
public final class Reconstruction {
  /// Factors a of BatchNormalization smaller than this share of the largest are not divided by.
  private static final double LEAST_RELATIVE_FACTOR = 1e-3;

  /// Chooses the weights of a layer.
  public interface Solver {
    /// @return new weights `[o, k]`, matrix order
    float[] solve(LayerProblem problem);
  }

  /// Hears of layers that are done.
  public interface Listener {
    /// @param layers how many are done
    void done(int layers);
  }

  /// How a reconstruction is done.
  ///
  /// @param positionsPerSample output positions of a convolution that are looked at, about
  /// @param seesSums whether the error of a sum's other operand is made good
  public record Options(int positionsPerSample, boolean seesSums) {}

  private final Network dense;
  private final Options options;
  private final Workers workers;

  /// @param dense gives the wanted outputs
  public Reconstruction(Network dense, Options options, Workers workers) {
    this.dense = dense;
    this.options = options;
    this.workers = workers;
  }

  /// Re-fits a network of the same graph.
  ///
  /// @param tensorNames weight tensors to re-fit, in graph order
  /// @return `network` with new weights, biases and running means
  public Network refit(
      Network network,
      List<String> tensorNames,
      SampleSource samples,
      Solver solver,
      Listener listener) {
    var replaced = new LinkedHashMap<String, Tensor>();
    try (var loadedDense = new LoadedNetwork(dense, Precision.FLOAT32);
        var loaded = new LoadedNetwork(network, Precision.FLOAT32);
        var densePass = new StreamedPass(loadedDense, samples, workers);
        var pass = new StreamedPass(loaded, samples, workers)) {
      var visits = new Visits(network, loaded.program(), tensorNames);
      int done = 0;
      for (Visit visit : visits.inOrder()) {
        LayerMatrix layer = visit.layer();
        Surroundings around = visit.around();
        List<List<LayerSums>> parts =
            workers.map(
                pass.chunks(),
                chunk ->
                    sums(layer, around, densePass.execution(chunk), pass.execution(chunk), chunk));
        float[] weights = network.tensor(layer.tensorName()).toFloats();
        var shift = new float[layer.groups() * layer.outputs()];
        for (int group = 0; group < layer.groups(); group++) {
          solveGroup(layer, group, LayerSums.join(parts, group), weights, shift, solver, around);
        }
        put(layer.tensorName(), weights, loaded, replaced);
        around.applyShift(shift, dense, loaded, replaced);
        listener.done(++done);
      }
    }
    return network.withTensors(replaced);
  }

  private static void put(
      String name, float[] values, LoadedNetwork loaded, Map<String, Tensor> replaced) {
    loaded.parameters().set(name, values);
    replaced.put(name, Tensor.ofFloats(loaded.parameters().constant(name).shape(), values));
  }

  /// Sums of one chunk, one a group.
  private List<LayerSums> sums(
      LayerMatrix layer,
      Surroundings around,
      GraphExecution densePass,
      GraphExecution pass,
      int chunk) {
    try (var _ = new org.bytedeco.javacpp.PointerScope()) {
      org.bytedeco.pytorch.Tensor wanted = densePass.compute(layer.output());
      org.bytedeco.pytorch.Tensor input = pass.compute(layer.input());
      if (options.seesSums() && around.otherOperand() != null) {
        String other = around.otherOperand();
        wanted =
            wanted.add(
                densePass
                    .compute(other)
                    .sub(pass.compute(other))
                    .mul(
                        Torch.scoped(
                            around.inverseFactor(),
                            List.of(1L, (long) around.inverseFactor().length, 1L, 1L),
                            Precision.FLOAT32)));
      }
      LayerMatrix.Grid grid = layer.grid(input, options.positionsPerSample(), chunk);
      var sums = new ArrayList<LayerSums>();
      for (int group = 0; group < layer.groups(); group++) {
        sums.add(LayerSums.of(layer.rows(input, group, grid), layer.outputs(wanted, group, grid)));
      }
      densePass.unwatch(layer.output());
      pass.unwatch(layer.input());
      if (around.otherOperand() != null) {
        densePass.unwatch(around.otherOperand());
        pass.unwatch(around.otherOperand());
      }
      return sums;
    }
  }

  private static void solveGroup(
      LayerMatrix layer,
      int group,
      LayerSums sums,
      float[] weights,
      float[] shift,
      Solver solver,
      Surroundings around) {
    int k = layer.rowLength();
    int o = layer.outputs();
    int[] indexes = layer.order(group);
    var present = new float[o * k];
    for (int i = 0; i < present.length; i++) {
      present[i] = weights[indexes[i]];
    }
    boolean isCentred = around.canShift();
    float[] solved =
        solver.solve(
            new LayerProblem(
                layer.tensorName(),
                k,
                o,
                sums.gram(isCentred),
                sums.cross(isCentred),
                present,
                indexes));
    for (int i = 0; i < solved.length; i++) {
      weights[indexes[i]] = solved[i];
    }
    for (int c = 0; c < o; c++) {
      double mean = sums.outputMean(c);
      for (int i = 0; i < k; i++) {
        mean -= (double) solved[c * k + i] * sums.inputMean(i);
      }
      shift[group * o + c] = (float) mean;
    }
  }

  private record Visit(LayerMatrix layer, Surroundings around) {}

  /// The order of the layers: as in the graph, but before a layer whose output is added to something
  /// come the layers that this other operand depends on. A sum is made good by its last layer only.
  private static final class Visits {
    private final GraphProgram program;
    private final Map<Integer, Visit> pendingByNode = new TreeMap<>();
    private final List<Visit> ordered = new ArrayList<>();

    Visits(Network network, GraphProgram program, List<String> tensorNames) {
      this.program = program;
      for (String tensorName : tensorNames) {
        LayerMatrix layer = LayerMatrix.of(network, tensorName);
        pendingByNode.put(
            layer.nodeIndex(), new Visit(layer, Surroundings.of(network, program, layer)));
      }
    }

    List<Visit> inOrder() {
      for (int node : List.copyOf(pendingByNode.keySet())) {
        add(node, new HashSet<>());
      }
      return ordered;
    }

    private void add(int node, Set<Integer> waiting) {
      Visit visit = pendingByNode.get(node);
      if (visit == null || !waiting.add(node)) {
        return;
      }
      String other = visit.around().otherOperand();
      boolean isComplete = true;
      if (other != null) {
        for (int ancestor : program.ancestors(program.producerOf(other))) {
          add(ancestor, waiting);
          isComplete &= !pendingByNode.containsKey(ancestor);
        }
      }
      pendingByNode.remove(node);
      ordered.add(isComplete ? visit : new Visit(visit.layer(), visit.around().withoutOther()));
    }
  }

  /// What stands around a layer in the graph: where its bias can go and what is added to its output.
  private static final class Surroundings {
    private final @Nullable String bias;
    private final @Nullable Node batchNorm;
    private final @Nullable String otherOperand;
    private final float[] inverseFactor;

    private Surroundings(
        @Nullable String bias,
        @Nullable Node batchNorm,
        @Nullable String otherOperand,
        float[] inverseFactor) {
      this.bias = bias;
      this.batchNorm = batchNorm;
      this.otherOperand = otherOperand;
      this.inverseFactor = inverseFactor;
    }

    static Surroundings of(Network network, GraphProgram program, LayerMatrix layer) {
      String value = layer.output();
      Node batchNorm = null;
      Node next = onlyConsumer(network, program, value);
      float @Nullable [] factor = null;
      if (next != null && next.is("BatchNormalization")) {
        factor = factor(network, next);
        batchNorm = next;
        value = next.outputs().getFirst();
        next = onlyConsumer(network, program, value);
      }
      String other = null;
      if (next != null && next.is("Add")) {
        String first = next.inputs().get(0);
        String second = next.inputs().get(1);
        String candidate = first.equals(value) ? second : first;
        boolean isOther = !first.equals(second) && program.producerOf(candidate) >= 0;
        other = isOther && !program.dependsOn(candidate, layer.nodeIndex()) ? candidate : null;
      }
      return new Surroundings(layer.bias(), batchNorm, other, inverse(factor));
    }

    private static @Nullable Node onlyConsumer(
        Network network, GraphProgram program, String value) {
      List<Node> consumers = network.consumers(value);
      return program.uses(value) == 1 && consumers.size() == 1 ? consumers.getFirst() : null;
    }

    /// a = scale / √(variance + ε) of a BatchNormalization.
    private static float[] factor(Network network, Node node) {
      float[] scale = network.tensor(node.inputs().get(1)).toFloats();
      float[] variance = network.tensor(node.inputs().get(4)).toFloats();
      float epsilon = node.real("epsilon", 1e-5f);
      for (int c = 0; c < scale.length; c++) {
        scale[c] /= (float) Math.sqrt(variance[c] + epsilon);
      }
      return scale;
    }

    private static float[] inverse(float @Nullable [] factor) {
      if (factor == null) {
        return new float[] {1};
      }
      double largest = 0;
      for (float a : factor) {
        largest = Math.max(largest, Math.abs(a));
      }
      var inverse = new float[factor.length];
      for (int c = 0; c < factor.length; c++) {
        inverse[c] = Math.abs(factor[c]) > LEAST_RELATIVE_FACTOR * largest ? 1 / factor[c] : 0f;
      }
      return inverse;
    }

    Surroundings withoutOther() {
      return new Surroundings(bias, batchNorm, null, inverseFactor);
    }

    @Nullable String otherOperand() {
      return otherOperand;
    }

    /// @return 1/a for each channel, or one for all
    float[] inverseFactor() {
      return inverseFactor;
    }

    boolean canShift() {
      return bias != null || batchNorm != null;
    }

    /// Sets bias, or running mean and shift of BatchNormalization, from those of the dense network:
    /// what earlier stages did to them is made anew.
    ///
    /// @param shift what the layer should add to its product with the weights
    void applyShift(
        float[] shift, Network dense, LoadedNetwork loaded, Map<String, Tensor> replaced) {
      if (bias != null) {
        put(bias, shift, loaded, replaced);
      } else if (batchNorm != null) {
        String offset = batchNorm.inputs().get(2);
        put(offset, dense.tensor(offset).toFloats(), loaded, replaced);
        String runningMean = batchNorm.inputs().get(3);
        float[] mean = dense.tensor(runningMean).toFloats();
        for (int c = 0; c < mean.length; c++) {
          mean[c] -= shift[c];
        }
        put(runningMean, mean, loaded, replaced);
      }
    }
  }

  /// Sums of products of inputs and outputs in float64, so that chunks can be added up.
  private static final class LayerSums {
    private final double[] gram;
    private final double[] cross;
    private final double[] inputSum;
    private final double[] outputSum;
    private long rows;

    private LayerSums(
        double[] gram, double[] cross, double[] inputSum, double[] outputSum, long rows) {
      this.gram = gram;
      this.cross = cross;
      this.inputSum = inputSum;
      this.outputSum = outputSum;
      this.rows = rows;
    }

    /// @param x `[rows, k]`
    /// @param y `[rows, o]`
    static LayerSums of(org.bytedeco.pytorch.Tensor x, org.bytedeco.pytorch.Tensor y) {
      org.bytedeco.pytorch.Tensor transposed = x.t();
      return new LayerSums(
          Torch.doubles(transposed.mm(x)),
          Torch.doubles(transposed.mm(y)),
          Torch.doubles(x.sum(new long[] {0}, false, new ScalarTypeOptional())),
          Torch.doubles(y.sum(new long[] {0}, false, new ScalarTypeOptional())),
          x.size(0));
    }

    static LayerSums join(List<List<LayerSums>> parts, int group) {
      LayerSums joined = parts.getFirst().get(group);
      for (List<LayerSums> part : parts.subList(1, parts.size())) {
        LayerSums other = part.get(group);
        add(joined.gram, other.gram);
        add(joined.cross, other.cross);
        add(joined.inputSum, other.inputSum);
        add(joined.outputSum, other.outputSum);
        joined.rows += other.rows;
      }
      return joined;
    }

    private static void add(double[] sum, double[] values) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += values[i];
      }
    }

    double inputMean(int i) {
      return inputSum[i] / rows;
    }

    double outputMean(int c) {
      return outputSum[c] / rows;
    }

    double[] gram(boolean isCentred) {
      if (!isCentred) {
        return gram;
      }
      double[] centred = centred(gram, inputSum);
      int k = inputSum.length;
      for (int i = 0; i < k; i++) { // an input that never changes may end below zero by rounding
        centred[i * k + i] = Math.max(0, centred[i * k + i]);
      }
      return centred;
    }

    double[] cross(boolean isCentred) {
      return isCentred ? centred(cross, outputSum) : cross;
    }

    /// Σ (x − x̄)(y − ȳ)ᵀ = Σ x yᵀ − Σx Σyᵀ / rows.
    private double[] centred(double[] products, double[] columnSum) {
      int columns = columnSum.length;
      var centred = new double[products.length];
      for (int i = 0; i < inputSum.length; i++) {
        for (int j = 0; j < columns; j++) {
          centred[i * columns + j] = products[i * columns + j] - inputSum[i] * columnSum[j] / rows;
        }
      }
      return centred;
    }
  }
}
