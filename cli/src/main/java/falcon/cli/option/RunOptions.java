package falcon.cli.option;

import falcon.prune.options.PruningException;
import falcon.prune.plan.PruningPlan;
import falcon.prune.storage.ModelFormat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of runs of pruning beside budget and method: what they write, read and take.
public final class RunOptions {
  @Option(
      names = "--format",
      paramLabel = "NAME",
      description =
          "Format of the pruned network: onnx (the default), onnx-sparse (zeros left out where that is"
              + " smaller), or safetensors (weights alone; see --weights).")
  private ModelFormat format = ModelFormat.ONNX;

  @Option(
      names = "--memory",
      paramLabel = "AMOUNT",
      description =
          "Memory that the run may take, such as 8g: a reconstruction looks at fewer samples at a time to"
              + " fit (4g of them if unset), gradients of a backsolve are stored smaller or in a file.")
  private @Nullable Memory memory;

  @Option(
      names = "--no-test",
      description = "Leave the test samples alone; networks are judged on validation samples only.")
  private boolean isTestLeftOut;

  @Option(
      names = "--dry-run",
      description = "Only tell what would be done: budgets, stages, memory, time.")
  private boolean isDryRun;

  /// Returns the format of the pruned network.
  public ModelFormat format() {
    return format;
  }

  /// Returns the memory that a run may take.
  ///
  /// @return bytes; null if it was not typed
  public @Nullable Long memoryBytes() {
    return memory == null ? null : memory.bytes();
  }

  /// Returns whether the test samples are read.
  public boolean readsTest() {
    return !isTestLeftOut;
  }

  /// Returns whether plans are shown and nothing is computed.
  public boolean isDryRun() {
    return isDryRun;
  }

  /// Returns a plan that fits in the memory.
  ///
  /// @throws PruningException if it does not
  public PruningPlan fitting(PruningPlan plan) {
    if (memory != null && plan.memoryBytes() > memory.bytes()) {
      throw new PruningException(
          PruningException.Kind.MACHINE,
          "The run needs about %s, --memory allows %s. Fewer samples (--samples) need less."
              .formatted(Memory.text(plan.memoryBytes()), memory));
    }
    return plan;
  }
}
