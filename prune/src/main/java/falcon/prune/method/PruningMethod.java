package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.Network;
import falcon.projection.Projection;
import falcon.projection.pattern.PatternItems;
import falcon.prune.evaluation.CalibrationSamples;
import falcon.prune.evaluation.DenseStatistics;
import falcon.prune.options.Progress;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Clock;
import falcon.prune.report.StageNote;
import falcon.torch.kernel.Workers;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Performs one stage: chooses weights within the stage's budget and re-fits them.
///
/// The built-in methods are named by [falcon.prune.options.Method] and
/// [falcon.prune.options.Refit]; another one is passed to [falcon.prune.Pruning#method]. Planning,
/// stages, evaluation and the report are the same for all of them. The following custom method
/// keeps the weights of greatest |w| and re-fits nothing:
///
/// ```java
/// PruningMethod absolute =
///     (setting, stage, present) -> {
///       CostTable costs = setting.plan().costs();
///       float[] weights = WeightVector.of(present, costs);
///       float[] saliency = new float[weights.length];
///       for (int i = 0; i < weights.length; i++) {
///         saliency[i] = Math.abs(weights[i]);
///       }
///       Projection projection =
///           MaskProjection.EXACT
///               .apply(setting.workers(), setting.plan().limits())
///               .project(saliency, costs, setting.plan().stageBudgets().get(stage));
///       Network pruned = WeightVector.into(present, weights, projection.mask(), costs);
///       return new PruningMethod.Outcome(pruned, projection, null, List.of());
///     };
/// ```
///
/// A stage is a pure function of network, data, seed and stage number: for equal ones [#run]
/// returns the same bits, whatever the number of threads, since an interrupted run continues from
/// its finished stages. [#run] is called from one thread, the one of [falcon.prune.Pruning#run].
@FunctionalInterface
public interface PruningMethod {
  /// The inputs of a stage.
  ///
  /// @param dense the network that was given, shaped for the data, with the original weights
  /// @param plan costs of the prunable weights, limits of single layers and of all stages
  /// @param samples draws calibration samples; each use has draws of its own
  /// @param statistics what is known of the dense network, also from runs to other budgets
  /// @param tools threads, listener and folders of the run
  record Setting(
      Network dense,
      PruningPlan plan,
      CalibrationSamples samples,
      DenseStatistics statistics,
      Tools tools) {
    /// Returns the run's threads and their executor; closed by the run.
    public Workers workers() {
      return tools.workers();
    }

    /// Returns the listener of phases; each [Progress#begin] needs its [Progress#end].
    public Progress progress() {
      return tools.progress();
    }

    /// Returns the clock that adds up the seconds of phases for the report.
    public Clock clock() {
      return tools.clock();
    }

    /// Returns the folder for temporary files; a method removes the files that it creates there.
    public Path scratch() {
      return tools.scratch();
    }

    /// Returns the store for parts of the stage while it is in progress; a method need not use it.
    public StageCheckpoints checkpoints() {
      return tools.checkpoints();
    }
  }

  /// The tools of a stage beside network and data; see the accessors of [Setting].
  ///
  /// @param workers the run's threads
  /// @param progress the listener
  /// @param clock the clock of the phases
  /// @param scratch the folder for temporary files
  /// @param checkpoints the checkpoints of the stage
  record Tools(
      Workers workers,
      Progress progress,
      Clock clock,
      Path scratch,
      StageCheckpoints checkpoints) {}

  /// The result of a stage.
  ///
  /// @param network a network of the same graph as the dense one; all prunable weights that the
  ///     projection's mask does not keep are zero, and tensors that the plan lists as untouched are
  ///     unchanged
  /// @param projection the mask within the stage's budget, and its certificate for the report
  /// @param effectiveRows number of effective rows of the gradient matrix, null where there is none
  /// @param notes notes for a reader of the report on how the stage was done; one sentence each
  record Outcome(
      Network network,
      Projection projection,
      @Nullable Double effectiveRows,
      List<StageNote> notes) {
    /// Copies the notes.
    public Outcome {
      notes = List.copyOf(notes);
    }

    /// Requires the outcome of a stage to be what the plan asks for: a mask within the stage's
    /// budget, with the pattern of the run, and no weight besides those that it keeps.
    ///
    /// @throws IllegalStateException if it is not; the message names what is wrong
    public void require(PruningPlan plan, int stage) {
      Mask mask = projection.mask();
      CostTable costs = plan.costs();
      Budget budget = plan.stageBudgets().get(stage);
      if (mask.weightCount() != costs.weightCount() || !budget.allows(mask, costs)) {
        throw new IllegalStateException(
            "the mask of stage %d (%s) is not within its budget, %s, of %d weights"
                .formatted(stage, mask, budget, costs.weightCount()));
      }
      String violated =
          plan.limits().pattern() == null
              ? null
              : PatternItems.of(costs, plan.limits()).violatedIn(mask);
      if (violated != null) {
        throw new IllegalStateException(
            "the mask of stage %d does not have the pattern '%s' in layer '%s'"
                .formatted(
                    stage, Objects.requireNonNull(plan.limits().pattern()).pattern(), violated));
      }
      float[] weights = WeightVector.of(network, costs);
      for (int i = 0; i < weights.length; i++) {
        if (weights[i] != 0 && !mask.isKept(i)) {
          throw new IllegalStateException(
              "weight %d of the prunable ones is %s after stage %d, though the mask does not keep it"
                  .formatted(i, weights[i], stage));
        }
      }
    }

    /// Returns the same outcome with one more note.
    public Outcome withNote(StageNote note) {
      return new Outcome(
          network,
          projection,
          effectiveRows,
          Stream.concat(notes.stream(), Stream.of(note)).toList());
    }
  }

  /// Performs a stage.
  ///
  /// @param stage number of the stage, from 0
  /// @param present the network after the previous stage; in stage 0 the one that the run starts
  ///     from, which is the dense one unless the plan has a path
  /// @throws falcon.prune.options.PruningException if the network or the data cannot be pruned this
  ///     way
  Outcome run(Setting setting, int stage, Network present);
}
