package falcon.prune.options;

import java.util.Locale;

/// What a program may say of a run, as messages name it: `‹memory›`. How it is said there, by a
/// flag, a method or a field of a form, is for the program that shows the message.
public enum Option {
  /// Budget of multiply-accumulates: [BudgetRequest#macs].
  MACS,
  /// Budget of weights: [BudgetRequest#nnz].
  NNZ,
  /// [PruningOptions#method].
  METHOD,
  /// [SearchOptions#stages].
  STAGES,
  /// [RefitOptions#samples].
  SAMPLES,
  /// [SearchOptions#schedule].
  SCHEDULE,
  /// [RefitOptions#kind].
  REFIT,
  /// [BacksolveOptions#curvature].
  CURVATURE,
  /// [BacksolveOptions#ridge].
  RIDGE,
  /// [BacksolveOptions#block].
  BLOCK,
  /// [RefinementOptions#batchNorm].
  BN_REFRESH,
  /// [RefinementOptions#steps].
  STEPS,
  /// [RefinementOptions#learningRate].
  LEARNING_RATE,
  /// [PruningOptions#loss].
  LOSS,
  /// [SearchOptions#floors].
  MIN_KEEP,
  /// [MachineOptions#threads].
  THREADS,
  /// [MachineOptions#memoryBytes].
  MEMORY,
  /// [BacksolveOptions#scratch].
  SCRATCH,
  /// Network that another one is compared with: [falcon.prune.Evaluator#compare].
  REFERENCE,
  /// Format of the pruned network: [falcon.prune.storage.ModelFormat].
  FORMAT,
  /// Folder of a run: [falcon.prune.run.OutputFolder].
  OUT,
  /// Going on with the run in a folder: [falcon.prune.run.RunDirectory.Existing#RESUME].
  RESUME,
  /// Replacing the run in a folder: [falcon.prune.run.RunDirectory.Existing#REPLACE].
  FORCE,
  /// Writing beside other files: [falcon.prune.run.OutputFolder#mayHoldOthers].
  ALLOW_NON_EMPTY;

  /// `‹name›`, which stands for the option in a message.
  @Override
  public String toString() {
    return "‹" + name().toLowerCase(Locale.ROOT).replace('_', ' ') + "›";
  }
}
