package falcon.torch;

import falcon.model.Network;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/// Second moments of what the layers of a network get: H = Σ x xᵀ of every layer, over all uses of its
/// weights.
///
/// Every sample goes through the network once; as many go together as their live values fit into the
/// memory, which changes no bit of the result. Source of the use of H_l: OBC (arXiv:2208.11580,
/// section 3).
public final class LayerMoments {
  private final Network network;
  private final int positionsPerSample;
  private final long bytes;
  private final Workers workers;

  /// @param positionsPerSample output positions (pixels, tokens, steps) of a layer that are looked at, about
  /// @param bytes that the values of samples on their way may take
  public LayerMoments(Network network, int positionsPerSample, long bytes, Workers workers) {
    this.network = network;
    this.positionsPerSample = positionsPerSample;
    this.bytes = bytes;
    this.workers = workers;
  }

  /// One problem a layer (and group): the Gram matrix of its inputs, and as wanted outputs those that
  /// its present weights give.
  ///
  /// @param tensorNames weight tensors; those that no least squares can be made of (tables that are looked
  ///     up, for instance), and those whose products of inputs take more bytes than there are, are left out
  /// @return in the order of the names
  public List<LayerProblem> of(List<String> tensorNames, SampleSource samples) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      List<LayerMatrix> layers =
          tensorNames.stream()
              .map(name -> LayerMatrix.solvable(loaded.program(), name))
              .filter(Objects::nonNull)
              .filter(layer -> LayerSums.fit(layer.order(), bytes))
              .toList();
      var sums = new LayerSums[layers.size()];
      int together = StreamedPass.fitting(loaded, samples, bytes, 1);
      for (int from = 0; from < samples.size(); from += together) {
        int to = Math.min(samples.size(), from + together);
        try (var pass = new StreamedPass(loaded, samples, from, to, workers)) {
          addUp(pass, layers, from / loaded.batchSize(Chunks.DEFAULT_SIZE), sums);
        }
      }
      return workers.map(layers.size(), l -> problems(layers.get(l), sums[l])).stream()
          .flatMap(List::stream)
          .toList();
    }
  }

  /// Adds the pass's sums to those of all layers.
  private void addUp(
      StreamedPass pass, List<LayerMatrix> layers, int firstChunk, LayerSums[] sums) {
    record Stop(int layer, LayerMatrix.Use use) {}
    List<Stop> stops =
        IntStream.range(0, layers.size())
            .boxed()
            .flatMap(l -> layers.get(l).products().stream().map(use -> new Stop(l, use)))
            .sorted(Comparator.comparingInt(stop -> stop.use().nodeIndex()))
            .toList();
    List<String> inside =
        stops.stream()
            .filter(stop -> stop.use().isRecurrent())
            .map(stop -> stop.use().input())
            .toList();
    pass.visit((execution, _) -> {
      inside.forEach(execution::watch);
      return execution;
    });
    for (Stop stop : stops) {
      sums[stop.layer()] =
          LayerSums.ofChunks(
              layers.get(stop.layer()),
              sums[stop.layer()],
              pass.chunks(),
              workers,
              chunk -> inputSums(pass, stop.use(), chunk, firstChunk + chunk));
    }
  }

  private LayerSums inputSums(StreamedPass pass, LayerMatrix.Use use, int chunk, int number) {
    try (var _ = new PointerScope()) {
      GraphExecution execution = pass.execution(chunk);
      Tensor input = execution.compute(use.input());
      Grid grid = use.geometry().grid(input, pass.samples(chunk), positionsPerSample, number);
      var sums = LayerSums.ofInputs(use.geometry().rows(input, grid));
      execution.unwatch(use.input());
      return sums;
    }
  }

  private List<LayerProblem> problems(LayerMatrix layer, LayerSums sums) {
    WeightOrder order = layer.order();
    float[] weights = network.tensor(layer.tensorName()).toFloats();
    var problems = new ArrayList<LayerProblem>();
    for (int group = 0; group < order.groups(); group++) {
      int[] indexes = order.indexes(group);
      float[] present = LayerMatrix.inOrder(weights, indexes);
      double[] gram = sums.gram(group, false);
      problems.add(
          new LayerProblem(
              layer.tensorName(),
              order.rowLength(),
              order.outputs(),
              gram,
              cross(gram, present, order),
              present,
              indexes));
    }
    return problems;
  }

  /// @return H Wᵀ, `[k, o]`
  private static double[] cross(double[] gram, float[] present, WeightOrder order) {
    long k = order.rowLength();
    long o = order.outputs();
    try (var _ = new PointerScope()) {
      Tensor h = Torch.scoped(gram, List.of(k, k));
      Tensor weights = Torch.scoped(present, List.of(o, k), Precision.FLOAT64);
      return Torch.doubles(h.mm(weights.t()));
    }
  }
}
