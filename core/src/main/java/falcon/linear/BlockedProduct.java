package falcon.linear;

import falcon.kernel.Chunks;
import falcon.kernel.DenseKernels;
import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import falcon.kernel.Kernels;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/// The product `C += AᵀB` of dense matrices by all threads: C is cut into blocks of fixed size, an
/// entry is a chain of terms in the order of [DenseKernels]. Instances are immutable and safe to
/// share between threads.
///
/// @param rows rows of C, columns of A
/// @param columns columns of C and B
/// @param depth rows of A and B
public record BlockedProduct(int rows, int columns, int depth) {
  private static final int BLOCK_ROWS = 256;
  private static final int BLOCK_COLUMNS = 256;

  /// Adds the product in float32.
  ///
  /// @param a `[depth, rows]`
  /// @param b `[depth, columns]`
  /// @param c `[rows, columns]`
  public void add(float[] a, float[] b, float[] c, ExecutorService executor) {
    DenseKernels dense = Kernels.active().dense();
    Block inA = Block.of(0, rows);
    run(
        executor,
        cut ->
            dense.addProduct(
                a, cut.ofA(inA), b, cut.ofB(columns), c, cut.ofC(columns), cut.extent(depth)));
  }

  /// Adds the product in float64.
  ///
  /// @param inA the place of A `[depth, rows]`
  /// @param b `[depth, columns]`
  /// @param c `[rows, columns]`
  public void add(double[] a, Block inA, double[] b, double[] c, ExecutorService executor) {
    DenseKernels dense = Kernels.active().dense();
    run(
        executor,
        cut ->
            dense.addProduct(
                a, cut.ofA(inA), b, cut.ofB(columns), c, cut.ofC(columns), cut.extent(depth)));
  }

  private void run(ExecutorService executor, Consumer<Cut> body) {
    int down = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    int across = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    Chunks.run(
        executor,
        down * across,
        chunk -> {
          int top = chunk / across * BLOCK_ROWS;
          int left = chunk % across * BLOCK_COLUMNS;
          body.accept(
              new Cut(
                  top,
                  left,
                  Math.min(BLOCK_ROWS, rows - top),
                  Math.min(BLOCK_COLUMNS, columns - left)));
        });
  }

  /// A block of C.
  private record Cut(int top, int left, int height, int width) {
    Block ofA(Block whole) {
      return new Block(
          whole.from() + top * whole.columnStride(), whole.rowStride(), whole.columnStride());
    }

    Block ofB(int stride) {
      return Block.of(left, stride);
    }

    Block ofC(int stride) {
      return Block.of(top * stride + left, stride);
    }

    Extent extent(int depth) {
      return new Extent(height, width, depth, false, false);
    }
  }
}
