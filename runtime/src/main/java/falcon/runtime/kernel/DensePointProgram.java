package falcon.runtime.kernel;

import falcon.runtime.loop.EndLoop;
import falcon.runtime.loop.PointLoop;
import falcon.runtime.loop.Raw;
import falcon.runtime.loop.RowKernels;
import falcon.runtime.loop.ScalarActivation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A product of a dense matrix and one vector per image: whole vectors of outputs, then single
/// outputs.
///
/// The order of terms is that of the inputs, from the bias, for every output.
final class DensePointProgram implements LayerProgram {
  /// Weights of a part at least.
  private static final long PART_WORK = 200_000;

  private static final int MOST_PARTS = 8;

  private final Layouts layouts;
  private final EndLoop.Function function;
  private final RowKernels kernels;
  private final MemorySegment weights;
  private final MemorySegment biases;

  private DensePointProgram(
      Layouts layouts,
      EndLoop.Function function,
      RowKernels kernels,
      MemorySegment weights,
      MemorySegment biases) {
    this.layouts = layouts;
    this.function = function;
    this.kernels = kernels;
    this.weights = weights;
    this.biases = biases;
  }

  /// @param weights of one group
  static DensePointProgram of(
      LayerWeights weights, Epilogue epilogue, Layouts layouts, RowKernels kernels, Arena arena) {
    ConvolutionShape shape = weights.shape();
    MemorySegment stored =
        arena.allocate((long) shape.weights() * Float.BYTES, PlaneLayout.ALIGNMENT);
    MemorySegment biases =
        arena.allocate((long) shape.outputs() * Float.BYTES, PlaneLayout.ALIGNMENT);
    var program = new DensePointProgram(layouts, epilogue.function(), kernels, stored, biases);
    for (int o = 0; o < shape.outputs(); o++) {
      biases.setAtIndex(ValueLayout.JAVA_FLOAT, o, epilogue.bias(o));
    }
    long next = 0;
    for (int o = 0; o < shape.outputs(); ) {
      int count = program.piece(o);
      for (int k = 0; k < shape.inputs(); k++) {
        for (int r = 0; r < count; r++) {
          stored.setAtIndex(ValueLayout.JAVA_FLOAT, next++, weights.value(o + r, k));
        }
      }
      o += count;
    }
    return program;
  }

  private int outputs() {
    return layouts.output().extent().channels();
  }

  /// Returns the number of outputs that are computed together from one on.
  private int piece(int output) {
    int left = outputs() - output;
    int most = PointLoop.VECTORS * kernels.lanes();
    return left >= most ? most : left >= kernels.lanes() ? kernels.lanes() : 1;
  }

  @Override
  public int parts() {
    int groups = Math.max(1, outputs() / (PointLoop.VECTORS * kernels.lanes()));
    return Math.clamp(
        weights.byteSize() / Float.BYTES / PART_WORK, 1, Math.min(MOST_PARTS, groups));
  }

  @Override
  public long streamBytes() {
    return weights.byteSize();
  }

  @Override
  public void run(long input, long residual, long output, int part) {
    int group = PointLoop.VECTORS * kernels.lanes();
    int groups = outputs() / group;
    int from = (int) ((long) groups * part / parts()) * group;
    int to = part == parts() - 1 ? outputs() : (int) ((long) groups * (part + 1) / parts()) * group;
    for (int image = 0; image < layouts.input().extent().images(); image++) {
      long x = input + image * layouts.input().blockPitch() * Float.BYTES;
      long place = image * layouts.output().blockPitch() * Float.BYTES;
      runImage(x, residual == 0 ? 0 : residual - output, output + place, from, to);
    }
  }

  /// @param residual bytes from the output to the residual; 0 if there is none
  private void runImage(long x, long residual, long y, int from, int to) {
    int inputs = layouts.input().extent().channels();
    for (int o = from; o < to; ) {
      int count = piece(o);
      long at = y + (long) o * Float.BYTES;
      long w = weights.address() + (long) o * inputs * Float.BYTES;
      for (int r = 0; r < count; r++) {
        long place = (long) (o + r) * Float.BYTES;
        Raw.set(y + place, Raw.floatAt(biases.address() + place));
      }
      if (count == 1) {
        Raw.set(at, single(inputs, w, x, Raw.floatAt(at)));
      } else {
        kernels.points().run(count / kernels.lanes(), inputs, w, x, at);
      }
      for (int r = 0; r < count; r++) {
        long place = at + (long) r * Float.BYTES;
        float sum = Raw.floatAt(place);
        float value = residual == 0 ? sum : sum + Raw.floatAt(place + residual);
        Raw.set(place, ScalarActivation.of(function, value));
      }
      o += count;
    }
  }

  private static float single(int inputs, long weights, long x, float bias) {
    float sum = bias;
    for (int k = 0; k < inputs; k++) {
      long at = (long) k * Float.BYTES;
      sum = Math.fma(Raw.floatAt(weights + at), Raw.floatAt(x + at), sum);
    }
    return sum;
  }
}
