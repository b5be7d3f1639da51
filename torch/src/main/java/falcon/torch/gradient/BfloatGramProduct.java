package falcon.torch.gradient;

import falcon.linear.BlockedGramProduct;
import falcon.linear.GramProduct;
import falcon.torch.Torch;
import falcon.torch.kernel.Kernel;
import falcon.torch.kernel.NativeLibraries;
import falcon.torch.kernel.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.stream.Stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// A [GramProduct] by libtorch in bfloat16, accurate to two or three digits.
///
/// A panel is rounded to bfloat16, its products are added in float32 and rounded to bfloat16 again;
/// panels are added in float64. Strips of rows run in parallel, each on one thread: the result has
/// the same bits for any number of threads, but not on different processors.
public final class BfloatGramProduct implements GramProduct {
  /// Number of columns of a panel: the greatest number that a product may request, which suits
  /// libtorch best.
  private static final int PANEL_COLUMNS = 2048;

  /// Number of rows of a strip. The entries of a strip left of the diagonal are computed in vain,
  /// so narrow strips are better; below this number libtorch's products become slower.
  private static final int STRIP = 128;

  private final Workers workers;

  /// Creates a product without memory of its own.
  BfloatGramProduct(Workers workers) {
    this.workers = workers;
  }

  /// Chooses the Gram product for this processor.
  ///
  /// @return a product in bfloat16 where the processor has instructions for it and libtorch
  ///     computes it correctly, otherwise one in Java
  public static GramProduct orJava(Workers workers) {
    return isSupported(Path.of("/proc/cpuinfo"))
            && NativeLibraries.kernels().isRight(Kernel.BFLOAT16_PRODUCTS)
        ? new BfloatGramProduct(workers)
        : new BlockedGramProduct();
  }

  /// @param processors the list of processors in Linux's form; absent on other systems
  static boolean isSupported(Path processors) {
    if (!Files.exists(processors)) {
      return false;
    }
    try (Stream<String> lines = Files.lines(processors)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> List.of(line.split("\\s+")))
          .filter(flags -> flags.contains("avx512_bf16") || flags.contains("amx_bf16"))
          .isPresent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public int panelColumns() {
    return PANEL_COLUMNS;
  }

  @Override
  public void addTo(
      double[] gram, int n, MemorySegment panel, int columns, ExecutorService executor) {
    int strips = (n + STRIP - 1) / STRIP;
    try (var _ = new PointerScope()) {
      Tensor low = torch.empty(n, columns).to(torch.ScalarType.BFloat16);
      workers.map(strips, strip -> round(panel, n, columns, strip, low));
      workers.map(strips, strip -> addStrip(gram, n, strip, low));
    }
  }

  /// @param low `[n, columns]` bfloat16; the strip's rows are written
  /// @return number of rows of the strip
  private static int round(MemorySegment panel, int n, int columns, int strip, Tensor low) {
    int first = strip * STRIP;
    int rows = Math.min(STRIP, n - first);
    try (var _ = new PointerScope()) {
      var values = new Floats(panel, (long) first * columns, (long) rows * columns);
      low.narrow(0, first, rows)
          .copy_(
              torch.from_blob(
                  values, new long[] {rows, columns}, new TensorOptions(torch.ScalarType.Float)));
    }
    return rows;
  }

  /// Adds the products of a strip's rows with themselves and all rows below.
  private static int addStrip(double[] gram, int n, int strip, Tensor low) {
    int first = strip * STRIP;
    int rows = Math.min(STRIP, n - first);
    int width = n - first;
    float[] sums;
    try (var _ = new PointerScope()) {
      sums = Torch.floats(low.narrow(0, first, rows).mm(low.narrow(0, first, width).t()));
    }
    for (int i = 0; i < rows; i++) {
      int to = (first + i) * n + first;
      for (int j = i; j < width; j++) {
        gram[to + j] += sums[i * width + j];
      }
    }
    return rows;
  }

  /// The floats of a memory segment, which must outlive this pointer.
  private static final class Floats extends FloatPointer {
    Floats(MemorySegment memory, long first, long count) {
      super((Pointer) null);
      address = memory.address() + first * Float.BYTES;
      limit = count;
      capacity = count;
    }
  }
}
