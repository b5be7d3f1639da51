package falcon.runtime.kernel;

import falcon.runtime.loop.KernelSource;
import falcon.runtime.loop.RowKernels;
import java.util.ArrayList;
import java.util.List;

/// The output positions of one image, or one block of images in the lanes, cut into tiles whose
/// sums fit the registers.
///
/// @param tiles the tiles, in order
/// @param steps bytes from vector to vector inside a tile
/// @param keep how many entries of the mask of outputs are used
record Tiles(List<Tile> tiles, KernelSource.Steps steps, int keep) {
  /// Cost of a record besides its multiplications, in multiplications of a vector: loads of offset
  /// and weight, the loop.
  private static final double RECORD_COST = 2;

  /// Fewer sums at a time cannot hide the latency of an addition.
  static final int LATENCY = 4;

  /// Some vectors of positions.
  ///
  /// @param input bytes from the first element of the block's first plane to the input position of
  ///     the first output
  /// @param output the same for the output
  /// @param keep bytes from the first entry of the mask
  /// @param vectors number of vectors
  record Tile(long input, long output, long keep, int vectors) {}

  /// Returns the number of positions from the first output of a plane to the last, junk at the ends
  /// of rows included.
  static long positions(ConvolutionShape shape, PlaneLayout output) {
    return (long) (shape.rows().outputs() - 1) * output.rowPitch() + shape.columns().outputs();
  }

  /// Returns the step of a layer's tiles for vectors of some lanes.
  static KernelSource.Steps steps(ConvolutionShape shape, Layouts layouts) {
    int stride = shape.columns().window().stride();
    int images = layouts.input().lanes() * Float.BYTES;
    return layouts.input().lanes() == 1 || stride == 1
        ? KernelSource.Steps.TOUCHING
        : new KernelSource.Steps(images * stride, images);
  }

  /// Cuts the positions.
  ///
  /// @param kernels loops of the layer
  /// @param vectors numbers of vectors that the loop takes, ascending, from 1
  static Tiles of(ConvolutionShape shape, Layouts layouts, RowKernels kernels, int[] vectors) {
    return layouts.input().lanes() == 1
        ? acrossRows(shape, layouts, kernels.lanes(), vectors)
        : insideRows(shape, layouts, kernels.lanes(), vectors);
  }

  private static Tiles acrossRows(
      ConvolutionShape shape, Layouts layouts, int lanes, int[] vectors) {
    int total = Math.toIntExact(Math.ceilDiv(positions(shape, layouts.output()), lanes));
    List<Tile> tiles = new ArrayList<>();
    long at = 0;
    for (int count : cut(total, vectors)) {
      tiles.add(new Tile(at, at, at, count));
      at += (long) count * lanes * Float.BYTES;
    }
    return new Tiles(List.copyOf(tiles), KernelSource.Steps.TOUCHING, total * lanes);
  }

  private static Tiles insideRows(
      ConvolutionShape shape, Layouts layouts, int lanes, int[] vectors) {
    KernelSource.Steps steps = steps(shape, layouts);
    int images = layouts.input().lanes();
    boolean touches = steps.equals(KernelSource.Steps.TOUCHING);
    int width = shape.columns().outputs();
    int perPosition = images / lanes;
    int[] cut = cut(touches ? width * perPosition : width, vectors);
    long vectorBytes = (long) lanes * Float.BYTES;
    List<Tile> tiles = new ArrayList<>();
    for (int row = 0; row < shape.rows().outputs(); row++) {
      long input = rowBytes(layouts.input(), row * shape.rows().window().stride());
      long output = rowBytes(layouts.output(), row);
      for (int part = 0; part < (touches ? 1 : perPosition); part++) {
        int at = 0;
        for (int count : cut) {
          long from = touches ? at * vectorBytes : (long) at * steps.input();
          long to = touches ? at * vectorBytes : (long) at * steps.output();
          tiles.add(
              new Tile(
                  input + from + part * vectorBytes, output + to + part * vectorBytes, 0, count));
          at += count;
        }
      }
    }
    int most = vectors[vectors.length - 1];
    int entries = touches ? most * lanes : most * images + images;
    return new Tiles(List.copyOf(tiles), steps, entries);
  }

  private static long rowBytes(PlaneLayout layout, int row) {
    return (layout.offset(0, 0, row, 0) - layout.offset(0, 0, 0, 0)) * Float.BYTES;
  }

  /// Returns the cheapest cut of a number of vectors.
  ///
  /// @param vectors sizes of the pieces, ascending, from 1
  static int[] cut(int total, int[] vectors) {
    double[] cost = new double[total + 1];
    int[] last = new int[total + 1];
    for (int n = 1; n <= total; n++) {
      cost[n] = Double.POSITIVE_INFINITY;
      for (int v : vectors) {
        if (v <= n && cost[n - v] + recordCost(v) <= cost[n]) {
          cost[n] = cost[n - v] + recordCost(v);
          last[n] = v;
        }
      }
    }
    List<Integer> pieces = new ArrayList<>();
    for (int n = total; n > 0; n -= last[n]) {
      pieces.add(last[n]);
    }
    return pieces.stream().mapToInt(Integer::intValue).toArray();
  }

  /// Returns the cost of a record in a tile, in multiplications of a vector.
  static double recordCost(int vectors) {
    return Math.max(vectors, LATENCY) + RECORD_COST;
  }
}
