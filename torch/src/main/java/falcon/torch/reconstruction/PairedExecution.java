package falcon.torch.reconstruction;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.curvature.InputProducts;
import falcon.torch.curvature.InputRows;
import falcon.torch.curvature.LayerFit;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.StreamedPass;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.Grid;
import falcon.torch.layer.LayerGeometry;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// The paired execution of dense and pruned network on the same samples: a layer's inputs in the
/// pruned network, and the outputs wanted from it.
final class PairedExecution implements AutoCloseable {
  private final StreamedPass densePass;
  private final StreamedPass pass;
  private final int positionsPerSample;
  private final boolean seesSums;
  private final long bytes;
  private final Workers workers;

  /// Number of chunks whose rows are multiplied at once.
  private final int together;

  PairedExecution(
      LoadedNetwork dense,
      LoadedNetwork pruned,
      SampleSource samples,
      Reconstruction.Options options,
      Workers workers) {
    int fitting = StreamedPass.fitting(dense, samples, options.bytes(), 2);
    this.positionsPerSample =
        Math.ceilDiv(Math.multiplyExact(options.positionsPerSample(), samples.size()), fitting);
    this.seesSums = options.seesSums();
    this.bytes = options.bytes();
    this.workers = workers;
    this.together = dense.chunks(samples).multipliedTogether();
    this.densePass = new StreamedPass(dense, samples, 0, fitting, workers);
    this.pass = new StreamedPass(pruned, samples, 0, fitting, workers);
  }

  /// Returns the inputs and wanted outputs over all samples and all uses of the layer's weights:
  /// their products, or the rows themselves where there are fewer rows than inputs or the products
  /// take too much memory.
  LayerFit fit(ReconstructionOrder.Visit visit) {
    if (takesRows(visit)) {
      return workers.map(pass.chunks(), chunk -> rows(visit, chunk)).stream()
          .reduce(InputRows::plus)
          .orElseThrow();
    }
    return InputProducts.ofChunks(
        visit.layer(),
        null,
        Math.ceilDiv(pass.chunks(), together),
        workers,
        number -> sums(visit, number));
  }

  private InputRows rows(ReconstructionOrder.Visit visit, int chunk) {
    return parts(visit, chunk, InputRows::of, InputRows::plus);
  }

  /// @param number number of a set of chunks whose rows are multiplied at once
  private InputProducts sums(ReconstructionOrder.Visit visit, int number) {
    if (together == 1) {
      return parts(visit, number, InputProducts::of, InputProducts::plus);
    }
    return IntStream.range(number * together, Math.min(pass.chunks(), (number + 1) * together))
        .mapToObj(chunk -> rows(visit, chunk))
        .reduce(InputRows::plus)
        .orElseThrow()
        .sums(visit.layer().order().groups());
  }

  private boolean takesRows(ReconstructionOrder.Visit visit) {
    LayerMatrix layer = visit.layer();
    if (!InputProducts.fit(layer.order(), bytes)) {
      return true;
    }
    if (layer.looksAhead()) {
      return false; // Before the layer runs, the number of its inputs is unknown.
    }
    LayerMatrix.Use use = layer.products().getFirst();
    try (var _ = new PointerScope()) {
      Tensor input = pass.execution(0).compute(use.input());
      Grid grid = use.geometry().grid(input, pass.samples(0), positionsPerSample, 0);
      long rows = use.geometry().rows(input, grid).size(1) * pass.chunks();
      return rows < layer.order().rowLength();
    }
  }

  /// Applies a function to the rows of one chunk for each use of the layer's weights and joins the
  /// results.
  ///
  /// @param of function of inputs `[g, n, k]` and wanted outputs `[g, n, o]` of one use
  private <T> T parts(
      ReconstructionOrder.Visit visit,
      int chunk,
      BiFunction<Tensor, Tensor, T> of,
      BinaryOperator<T> plus) {
    GraphExecution dense = densePass.execution(chunk);
    GraphExecution pruned = pass.execution(chunk);
    if (!visit.layer().looksAhead()) {
      return parts(visit, new Pair(dense, pruned, chunk), of, plus);
    }
    try (var denseAhead = dense.fork();
        var prunedAhead = pruned.fork()) {
      return parts(visit, new Pair(denseAhead, prunedAhead, chunk), of, plus);
    }
  }

  /// Both networks with the same chunk of samples.
  private record Pair(GraphExecution dense, GraphExecution pruned, int chunk) {}

  private <T> T parts(
      ReconstructionOrder.Visit visit,
      Pair pair,
      BiFunction<Tensor, Tensor, T> of,
      BinaryOperator<T> plus) {
    GraphExecution dense = pair.dense();
    GraphExecution pruned = pair.pruned();
    T parts = null;
    for (LayerMatrix.Use use : visit.layer().products()) {
      dense.watch(use.output());
      inputSide(use, dense, pruned).watch(use.input());
    }
    for (LayerMatrix.Use use : visit.layer().products()) {
      try (var _ = new PointerScope()) {
        Tensor input = inputSide(use, dense, pruned).compute(use.input());
        Tensor wanted = wanted(use, visit.around(), dense, pruned);
        LayerGeometry geometry = use.geometry();
        int samples = pass.samples(pair.chunk());
        Grid grid = geometry.grid(input, samples, positionsPerSample, pair.chunk());
        T part = of.apply(geometry.rows(input, grid), geometry.outputs(wanted, grid));
        parts = parts == null ? part : plus.apply(parts, part);
        dense.unwatch(use.output());
        inputSide(use, dense, pruned).unwatch(use.input());
      }
    }
    return Objects.requireNonNull(parts);
  }

  /// Returns the execution whose inputs a layer is fitted to: that of the pruned network, but for
  /// recurrent weights that of the dense network. The errors of recurrent weights are part of the
  /// pruned network's states, and a fit to inputs with errors shrinks the weights, which weakens
  /// the recurrent state.
  private static GraphExecution inputSide(
      LayerMatrix.Use use, GraphExecution dense, GraphExecution pruned) {
    return use.isRecurrent() ? dense : pruned;
  }

  /// Returns the wanted product of the layer with its weights, up to a shift where one is possible.
  private Tensor wanted(
      LayerMatrix.Use use, LayerNeighbourhood around, GraphExecution dense, GraphExecution pruned) {
    Tensor wanted = dense.compute(use.output());
    String other = seesSums ? around.otherOperand() : null;
    if (other != null) {
      Tensor missing = dense.compute(other).sub(pruned.compute(other));
      dense.unwatch(other);
      pruned.unwatch(other);
      if (around.isPerChannel()) {
        missing = missing.mul(alongAxis(around.inverseFactors(), 1, missing.dim()));
      }
      Tensor sum = wanted.add(missing);
      wanted = Arrays.equals(sum.shape(), wanted.shape()) ? sum : wanted;
    }
    String bias = LayerNeighbourhood.biasOperand(use);
    if (bias != null && around.keepsBias(use)) {
      Tensor added = pruned.compute(bias);
      wanted =
          wanted.sub(
              use.node().is("Gemm")
                  ? added.mul(new Scalar((double) use.node().real("beta", 1)))
                  : added.reshape(shapeAlong(1, added.numel(), wanted.dim())));
    }
    return wanted;
  }

  private static Tensor alongAxis(float[] factors, int axis, long axes) {
    return Torch.scoped(factors, List.of((long) factors.length), Precision.FLOAT32)
        .reshape(shapeAlong(axis, factors.length, axes));
  }

  private static long[] shapeAlong(int axis, long size, long axes) {
    var shape = new long[Math.toIntExact(axes)];
    Arrays.fill(shape, 1L);
    shape[axis] = size;
    return shape;
  }

  @Override
  public void close() {
    densePass.close();
    pass.close();
  }
}
