package falcon.cli.option;

import falcon.prune.options.PruningException;
import falcon.prune.plan.PruningPlan;
import falcon.prune.storage.ModelFormat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options of runs of pruning beside budget and method: what they write, read and take.
public final class RunOptions {
  @Option(
      names = "--format",
      paramLabel = "NAME",
      description =
          "Format of the pruned network: onnx (the default), onnx-sparse (zeros left out where that is"
              + " smaller), or safetensors (weights alone; see --weights).")
  private @Nullable ModelFormat format;

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

  /// Returns the format of the pruned network; a budget of bytes is one of
  /// [ModelFormat#ONNX_SPARSE].
  public ModelFormat format(BudgetOptions budgets) {
    if (format == null) {
      return budgets.limitsBytes() ? ModelFormat.ONNX_SPARSE : ModelFormat.ONNX;
    }
    return format;
  }

  /// Checks that the format is one that the budgets speak of.
  ///
  /// @throws ParameterException if it is not
  public void requireFit(BudgetOptions budgets, CommandLine command) {
    if (budgets.limitsBytes() && format(budgets) != ModelFormat.ONNX_SPARSE) {
      throw new ParameterException(
          command,
          "--bytes is the length of a file in onnx-sparse, not in %s; leave --format out"
              .formatted(format(budgets).id()));
    }
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
