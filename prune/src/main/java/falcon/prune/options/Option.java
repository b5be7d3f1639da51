package falcon.prune.options;

import java.util.Locale;

/// The options of a run, as messages name them: `‹memory›`. A program that shows a message
/// translates the names to its own form: a flag, a method or a field of a form.
public enum Option {
  /// The budget of multiply-accumulates: [BudgetRequest#macs].
  MACS,
  /// The budget of weights: [BudgetRequest#nnz].
  NNZ,
  /// Costs of a resource from a table: [BudgetRequest#resources].
  COST,
  /// The budgets of resources with costs from tables.
  BUDGET,
  /// The budget of bytes in the network's file.
  BYTES,
  /// The budget of measured time.
  TIME,
  /// The timing table of a budget of time.
  TIMES,
  /// The timing table that is measured.
  TABLE,
  /// The greatest drop of quality: [falcon.prune.DropSearch].
  MAX_DROP,
  /// Starts from the network of the budget before: [PruningOptions#path].
  FROM_PREVIOUS,
  /// The method: [PruningOptions#method].
  METHOD,
  /// The method and its number of steps in one: [Effort].
  EFFORT,
  /// The number of stages: [SearchOptions#stages].
  STAGES,
  /// The number of calibration samples: [RefitOptions#samples].
  SAMPLES,
  /// [SearchOptions#saliency].
  SALIENCY,
  /// The shape of the zeros: [PruningOptions#pattern].
  PATTERN,
  /// The schedule of budgets: [SearchOptions#schedule].
  SCHEDULE,
  /// The re-fit: [RefitOptions#kind].
  REFIT,
  /// The kind of gradients: [BacksolveOptions#curvature].
  CURVATURE,
  /// The ridge: [BacksolveOptions#ridge].
  RIDGE,
  /// The number of weights solved together: [BacksolveOptions#block].
  BLOCK,
  /// The policy for BatchNormalization: [RefinementOptions#batchNorm].
  BN_REFRESH,
  /// [RefinementOptions#steps].
  STEPS,
  /// [RefinementOptions#learningRate], and [RetrainingOptions.Rate#greatest] of a retraining alone.
  LEARNING_RATE,
  /// Whether and how long a pruned network is retrained: [PruningOptions#retraining].
  RETRAIN,
  /// [RetrainingOptions#schedule].
  RETRAIN_SCHEDULE,
  /// [RetrainingOptions#epochs].
  EPOCHS,
  /// [RetrainingOptions#loss].
  RETRAIN_LOSS,
  /// [RetrainingOptions#temperature].
  TEMPERATURE,
  /// [RetrainingOptions.Stepping#batchSize].
  BATCH_SIZE,
  /// [RetrainingOptions.Stepping#weightDecay].
  WEIGHT_DECAY,
  /// [RetrainingOptions.Rate#warmUp].
  WARM_UP,
  /// The mask that a network is retrained on: [falcon.prune.Falcon#retrain].
  MASK,
  /// The dense network of a retraining: [falcon.prune.Retraining#start].
  TEACHER,
  /// The objective: [PruningOptions#loss].
  LOSS,
  /// The floors of single layers: [SearchOptions#floors].
  MIN_KEEP,
  /// The number of threads: [MachineOptions#threads].
  THREADS,
  /// The limit of memory: [MachineOptions#memoryBytes].
  MEMORY,
  /// The folder for temporary files: [BacksolveOptions#scratch].
  SCRATCH,
  /// The network that another one is compared with: [falcon.prune.Evaluator#compare].
  REFERENCE,
  /// The format of the pruned network: [falcon.prune.storage.ModelFormat].
  FORMAT,
  /// The folder of a run: [falcon.prune.run.OutputFolder].
  OUT,
  /// Continues the run in a folder: [falcon.prune.run.RunDirectory.Existing#RESUME].
  RESUME,
  /// Replaces the run in a folder: [falcon.prune.run.RunDirectory.Existing#REPLACE].
  FORCE,
  /// Allows writing beside other files: [falcon.prune.run.OutputFolder#mayHoldOthers].
  ALLOW_NON_EMPTY,
  /// The dense network of an export: [falcon.prune.run.FinishedRun#dense].
  DENSE,
  /// Exports what is known: [falcon.prune.StateDictExport#partial].
  PARTIAL;

  /// Returns `‹name›`, the placeholder of the option in a message.
  @Override
  public String toString() {
    return "‹" + name().toLowerCase(Locale.ROOT).replace('_', ' ') + "›";
  }
}
