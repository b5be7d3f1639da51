package falcon.prune.resources;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.gradients.MemoryPlan;
import falcon.model.Network;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Fits the gradient matrix of a backsolve into the available memory, or reports what would fit.
public final class GradientMemory {
  /// The share of the free memory that is used where no limit is given.
  private static final double FREE_SHARE = 0.7;

  /// The number of samples that a thread computes gradients of at a time; the constants below are
  /// the numbers of copies of their activations and of the largest layer's gradients that it holds
  /// then.
  private static final int BATCH = 16;

  private static final int ACTIVATION_COPIES = 4;
  private static final int GRADIENT_COPIES = 2;

  private GradientMemory() {}

  /// Returns the folder that a run uses for temporary files.
  public static Path scratch(PruningOptions options) {
    Path asked = options.refit().backsolve().scratch();
    return asked == null ? ScratchFile.defaultFolder() : asked;
  }

  /// @throws PruningException if the matrix fits neither in memory nor in a file
  public static MemoryPlan plan(
      Network network,
      CostTable costs,
      List<Budget> stageBudgets,
      int samples,
      PruningOptions options) {
    requireFolder(options.refit().backsolve().scratch());
    int mostKept =
        stageBudgets.stream()
            .mapToInt(budget -> MemoryPlan.mostKept(budget, costs))
            .max()
            .orElseThrow();
    Long asked = options.machine().memoryBytes();
    long limit = asked != null ? asked : (long) (FREE_SHARE * Machine.freeMemoryBytes());
    var request =
        new MemoryPlan.Request(
            samples,
            costs.weightCount(),
            mostKept,
            limit,
            ScratchFile.freeBytes(scratch(options)),
            otherBytes(network, costs, options.machine().threads()));
    MemoryPlan plan = MemoryPlan.of(request);
    if (plan == null) {
      throw tooLittle(request, options);
    }
    refuseSmallHeap(plan);
    return plan;
  }

  private static void requireFolder(@Nullable Path scratch) {
    if (scratch == null || Files.isDirectory(scratch)) {
      return;
    }
    throw new PruningException(
        PruningException.Kind.USAGE,
        "%s %s: %s.%nName a folder that exists, on a disk with room for temporary files."
            .formatted(
                Option.SCRATCH,
                scratch,
                Files.exists(scratch) ? "it is no folder" : "there is no such folder"));
  }

  private static long otherBytes(Network network, CostTable costs, int threads) {
    long largest = costs.layers().stream().mapToLong(CostTable.Layer::count).max().orElse(0);
    long perSample =
        ACTIVATION_COPIES * LiveValues.bytesPerSample(network)
            + GRADIENT_COPIES * Float.BYTES * largest;
    return ProcessMemory.bytes(costs.weightCount()) + (long) threads * BATCH * perSample;
  }

  private static PruningException tooLittle(MemoryPlan.Request request, PruningOptions options) {
    int rows = MemoryPlan.mostRows(request);
    return new PruningException(
        PruningException.Kind.MACHINE,
        "The run needs at least %s of memory, %s allows %s; %s has %s free for temporary files.%n%s"
            .formatted(
                MemoryPlan.text(MemoryPlan.leastBytes(request)),
                options.machine().memoryBytes() == null ? "70 % of what is free" : Option.MEMORY,
                MemoryPlan.text(request.limitBytes()),
                scratch(options),
                MemoryPlan.text(request.diskBytes()),
                rows > 0
                    ? "Take at most %d samples (%s %d), or name a larger folder with %s."
                        .formatted(rows, Option.SAMPLES, rows, Option.SCRATCH)
                    : "Not even one sample fits; raise %s.".formatted(Option.MEMORY)));
  }

  private static void refuseSmallHeap(MemoryPlan plan) {
    long heap = Runtime.getRuntime().maxMemory();
    if (plan.parts().vectors() > heap) {
      throw new PruningException(
          PruningException.Kind.MACHINE,
          "The vectors of the run take %s on the Java heap, which may grow to %s.%nSet FALCON_HEAP=%dg."
              .formatted(
                  MemoryPlan.text(plan.parts().vectors()),
                  MemoryPlan.text(heap),
                  (plan.parts().vectors() >> 30) + 1));
    }
  }
}
