package falcon.torch;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// Dense and pruned network on their way side by side, with the same samples: what a layer gets in the
/// pruned one, and what it should make of it.
final class SideBySide implements AutoCloseable {
  private final StreamedPass densePass;
  private final StreamedPass pass;
  private final int positionsPerSample;
  private final boolean seesSums;
  private final Workers workers;

  SideBySide(
      LoadedNetwork dense,
      LoadedNetwork pruned,
      SampleSource samples,
      Reconstruction.Options options,
      Workers workers) {
    int fitting = StreamedPass.fitting(dense, samples, options.bytes(), 2);
    this.positionsPerSample =
        Math.ceilDiv(Math.multiplyExact(options.positionsPerSample(), samples.size()), fitting);
    this.seesSums = options.seesSums();
    this.workers = workers;
    this.densePass = new StreamedPass(dense, samples, 0, fitting, workers);
    this.pass = new StreamedPass(pruned, samples, 0, fitting, workers);
  }

  /// Sums over all samples and all uses of the layer's weights.
  LayerSums sums(LayerVisits.Visit visit) {
    return LayerSums.ofChunks(
        visit.layer(), null, pass.chunks(), workers, chunk -> sums(visit, chunk));
  }

  /// Sums of one chunk over all uses of the layer's weights.
  private LayerSums sums(LayerVisits.Visit visit, int chunk) {
    LayerMatrix layer = visit.layer();
    GraphExecution dense = densePass.execution(chunk);
    GraphExecution pruned = pass.execution(chunk);
    if (!layer.looksAhead()) {
      return sums(visit, dense, pruned, pass.samples(chunk), chunk);
    }
    try (var denseAhead = dense.fork();
        var prunedAhead = pruned.fork()) {
      return sums(visit, denseAhead, prunedAhead, pass.samples(chunk), chunk);
    }
  }

  private LayerSums sums(
      LayerVisits.Visit visit,
      GraphExecution dense,
      GraphExecution pruned,
      int samples,
      int chunk) {
    LayerSums sums = null;
    for (LayerMatrix.Use use : visit.layer().products()) {
      dense.watch(use.output());
      inputSide(use, dense, pruned).watch(use.input());
    }
    for (LayerMatrix.Use use : visit.layer().products()) {
      try (var _ = new PointerScope()) {
        Tensor input = inputSide(use, dense, pruned).compute(use.input());
        Tensor wanted = wanted(use, visit.around(), dense, pruned);
        LayerGeometry geometry = use.geometry();
        Grid grid = geometry.grid(input, samples, positionsPerSample, chunk);
        var part = LayerSums.of(geometry.rows(input, grid), geometry.outputs(wanted, grid));
        sums = sums == null ? part : sums.plus(part);
        dense.unwatch(use.output());
        inputSide(use, dense, pruned).unwatch(use.input());
      }
    }
    return Objects.requireNonNull(sums);
  }

  /// Which network's inputs a layer is fitted to: those that it gets in the pruned one, but recurrent weights to
  /// the dense one's states. Their own present errors run through the pruned network's states, and a
  /// fit to inputs with errors shrinks the weights, which lets the memory fade.
  private static GraphExecution inputSide(
      LayerMatrix.Use use, GraphExecution dense, GraphExecution pruned) {
    return use.isRecurrent() ? dense : pruned;
  }

  /// What the layer's product with its weights should be, but for a shift where one is possible.
  private Tensor wanted(
      LayerMatrix.Use use, LayerSurroundings around, GraphExecution dense, GraphExecution pruned) {
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
    String bias = LayerSurroundings.biasOperand(use);
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
