package falcon.gradients;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.kernel.FloatFormat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A plan of how a [GradientMatrix] and the work on it fit into a limit of memory; it is made
/// before work starts.
///
/// The plan is the first of these that fits: float32 in memory, bfloat16 in memory, bfloat16 in a
/// file with the active columns in memory. Active columns are twice what the budget keeps where
/// there is room, and never much fewer than it keeps.
///
/// @param format format of the numbers of X
/// @param isOnDisk whether X is in a file
/// @param activeColumns most columns of X that the discrete first-order method may copy to memory
/// @param parts memory by purpose
/// @param seconds expected time
/// @param request the request that the plan answers
public record MemoryPlan(
    FloatFormat format,
    boolean isOnDisk,
    int activeColumns,
    Parts parts,
    Seconds seconds,
    Request request) {

  /// Bytes on the Java heap per weight: dense weights twice, the start, the result, direction and
  /// saliencies twice, all in float32, the projection's working memory, and masks.
  private static final long HEAP_BYTES_PER_WEIGHT = 4 * 7 + 8 + 4;

  /// Bytes on the Java heap per active column: index, weight, dense weight, direction, conjugate
  /// direction and two copies in float64, and flags.
  private static final long HEAP_BYTES_PER_COLUMN = 4 + 8 + 4 + 4 * 8 + 8;

  /// Ratio of the heap's size to the memory in use, since the collector leaves some unused.
  private static final double HEAP_SLACK = 1.8;

  /// Number of float64 matrices `[n, n]` with a panel each: the Gram matrix, its factor, a product
  /// in progress.
  private static final long GRAM_COPIES = 3;

  /// Number of columns of a panel of the Gram product.
  private static final long PANEL_COLUMNS = 4096;

  /// Ratio of active columns to kept weights where there is room, and the least ratio.
  private static final double USEFUL_COLUMNS = 2;

  private static final double LEAST_COLUMNS = 1.1;

  /// Rates for the expected time, all per second: bytes of a matrix in memory and in a file,
  /// multiplications and additions of the Gram matrix.
  private static final double MEMORY_RATE = 1e10;

  private static final double DISK_RATE = 1e9;
  private static final double GRAM_RATE = 4e10;

  /// Typical number of passes of the first-order method over X and over its active columns.
  private static final int PASSES = 4;

  private static final int COLUMN_PASSES = 80;

  /// The size of the problem and the resources for it.
  ///
  /// @param rows n
  /// @param weightCount p
  /// @param mostKept weights that the budget keeps at most
  /// @param limitBytes limit of resident memory
  /// @param diskBytes free where the file would be, 0 if there is no such place
  /// @param otherBytes memory that everything else takes at the same time
  public record Request(
      int rows, int weightCount, int mostKept, long limitBytes, long diskBytes, long otherBytes) {
    private Request withRows(int count) {
      return new Request(count, weightCount, mostKept, limitBytes, diskBytes, otherBytes);
    }
  }

  /// Memory by purpose, in bytes.
  ///
  /// @param matrix X, in memory or in its file
  /// @param activeColumns the copy of the active columns
  /// @param vectors on the Java heap
  /// @param gram Gram matrix and panels
  /// @param buffers buffers for tiles of the file
  /// @param other everything else
  public record Parts(
      long matrix, long activeColumns, long vectors, long gram, long buffers, long other) {}

  /// Expected time by step, in seconds.
  ///
  /// @param write time of writing X, gradients not included
  /// @param firstOrder time of the first-order method
  /// @param backsolve time of the backsolve
  public record Seconds(double write, double firstOrder, double backsolve) {
    /// Returns the sum of all steps.
    public double total() {
      return write + firstOrder + backsolve;
    }
  }

  /// Returns the plan for a request.
  ///
  /// @return null if nothing fits
  public static @Nullable MemoryPlan of(Request request) {
    MemoryPlan exact = of(request, FloatFormat.FLOAT32, false, useful(request));
    if (exact.fits()) {
      return exact;
    }
    for (boolean isOnDisk : new boolean[] {false, true}) {
      MemoryPlan least = of(request, FloatFormat.BFLOAT16, isOnDisk, least(request));
      if (least.fits()) {
        long bytesPerColumn = bytesPerColumn(request, FloatFormat.BFLOAT16);
        long more = (request.limitBytes() - least.residentBytes()) / bytesPerColumn;
        long columns = Math.min(useful(request), least.activeColumns() + more);
        return of(request, FloatFormat.BFLOAT16, isOnDisk, (int) columns);
      }
    }
    return null;
  }

  /// Returns the bytes of memory that a request needs at the least, with X in a file if there is
  /// room for one.
  public static long leastBytes(Request request) {
    MemoryPlan inMemory = of(request, FloatFormat.BFLOAT16, false, least(request));
    MemoryPlan onDisk = of(request, FloatFormat.BFLOAT16, true, least(request));
    boolean hasDisk = onDisk.parts().matrix() <= request.diskBytes();
    return hasDisk
        ? Math.min(onDisk.residentBytes(), inMemory.residentBytes())
        : inMemory.residentBytes();
  }

  /// Returns the greatest number of rows that fits within a request's limit, 0 if not even one
  /// does.
  public static int mostRows(Request request) {
    int low = 0;
    int high = request.rows();
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (of(request.withRows(middle)) != null) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// Returns the greatest number of weights that a budget keeps, counting the cheapest first.
  public static int mostKept(Budget budget, CostTable costs) {
    var cheapest = new ArrayList<>(costs.layers());
    cheapest.sort(Comparator.comparingLong(CostTable.Layer::macsPerWeight));
    long macs = budget.maxMacs();
    long kept = 0;
    for (CostTable.Layer layer : cheapest) {
      long affordable = layer.macsPerWeight() == 0 ? layer.count() : macs / layer.macsPerWeight();
      long taken = Math.min(layer.count(), affordable);
      macs -= taken * layer.macsPerWeight();
      kept += taken;
    }
    return (int) Math.min(kept, budget.maxNnz());
  }

  /// Returns a number of bytes as text, in GiB or MiB.
  public static String text(long bytes) {
    return Bytes.text(bytes);
  }

  private static MemoryPlan of(
      Request request, FloatFormat format, boolean isOnDisk, int activeColumns) {
    long n = request.rows();
    long matrix = n * request.weightCount() * format.bytes();
    long columns = n * activeColumns * format.bytes();
    long vectors =
        (long)
            (HEAP_SLACK
                * (HEAP_BYTES_PER_WEIGHT * request.weightCount()
                    + HEAP_BYTES_PER_COLUMN * activeColumns));
    long panel = n * Math.min(PANEL_COLUMNS, request.weightCount()) * Float.BYTES;
    long gram = GRAM_COPIES * (n * n * Double.BYTES + panel);
    long tile = n * FileTiles.TILE_COLUMNS * format.bytes();
    long buffers = isOnDisk ? 2L * Runtime.getRuntime().availableProcessors() * tile : 0;
    return new MemoryPlan(
        format,
        isOnDisk,
        activeColumns,
        new Parts(matrix, columns, vectors, gram, buffers, request.otherBytes()),
        seconds(request, isOnDisk, matrix, columns),
        request);
  }

  private static Seconds seconds(Request request, boolean isOnDisk, long matrix, long columns) {
    double rate = isOnDisk ? DISK_RATE : MEMORY_RATE;
    double products = (double) request.rows() * request.rows() * request.mostKept();
    return new Seconds(
        matrix / rate,
        PASSES * matrix / rate + COLUMN_PASSES * columns / MEMORY_RATE,
        matrix / rate + products / GRAM_RATE);
  }

  private static long bytesPerColumn(Request request, FloatFormat format) {
    return (long) request.rows() * format.bytes()
        + (long) Math.ceil(HEAP_SLACK * HEAP_BYTES_PER_COLUMN);
  }

  private static int useful(Request request) {
    return (int) Math.min(request.weightCount(), USEFUL_COLUMNS * request.mostKept());
  }

  private static int least(Request request) {
    return (int) Math.min(request.weightCount(), LEAST_COLUMNS * request.mostKept());
  }

  private boolean fits() {
    return residentBytes() <= request.limitBytes()
        && (!isOnDisk || parts.matrix() <= request.diskBytes());
  }

  /// Returns the greatest resident memory in bytes.
  public long residentBytes() {
    return (isOnDisk ? 0 : parts.matrix())
        + parts.activeColumns()
        + parts.vectors()
        + parts.gram()
        + parts.buffers()
        + parts.other();
  }

  /// Returns three lines: the format and place of the matrix, the parts, and the time with the
  /// rates that it is computed from.
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "gradients: %,d x %,d in %s, %s %s; up to %,d active columns in memory, %s%n"
            + "memory: %s of %s: vectors %s, Gram matrix %s, buffers %s, everything else %s%n"
            + "expected beside the gradients: %.0f s (writing %.0f, first-order method %.0f,"
            + " backsolve %.0f; memory %.0f GB/s, disk %.0f GB/s, %.0f G products/s)",
        request.rows(),
        request.weightCount(),
        format.name().toLowerCase(Locale.ROOT),
        Bytes.text(parts.matrix()),
        isOnDisk ? "on disk" : "in memory",
        activeColumns,
        Bytes.text(parts.activeColumns()),
        Bytes.text(residentBytes()),
        Bytes.text(request.limitBytes()),
        Bytes.text(parts.vectors()),
        Bytes.text(parts.gram()),
        Bytes.text(parts.buffers()),
        Bytes.text(parts.other()),
        seconds.total(),
        seconds.write(),
        seconds.firstOrder(),
        seconds.backsolve(),
        MEMORY_RATE / 1e9,
        DISK_RATE / 1e9,
        GRAM_RATE / 1e9);
  }
}
