package falcon.prune.method;

import falcon.model.Network;
import falcon.projection.Projection;
import falcon.prune.evaluation.CalibrationSamples;
import falcon.prune.options.Progress;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.StageNote;
import falcon.prune.resources.Clock;
import falcon.torch.kernel.Workers;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One way to do a stage: choose weights within the stage's budget and re-fit them.
///
/// A stage is a pure function of network, data, seed and stage number. The ways that come along are named by
/// [Method] and [Refit]; others are passed to [Pruning#method].
public interface PruningMethod {
  /// What a stage has to work with.
  ///
  /// @param dense the network that was given
  /// @param plan limits of all stages
  /// @param samples draws calibration samples
  /// @param workers the threads
  /// @param progress hears of phases
  /// @param clock adds up the seconds of phases
  /// @param scratch folder for temporary files
  /// @param checkpoints what is kept of the stage while it is under way
  record Setting(
      Network dense,
      PruningPlan plan,
      CalibrationSamples samples,
      Workers workers,
      Progress progress,
      Clock clock,
      Path scratch,
      StageCheckpoints checkpoints) {}

  /// What a stage gives.
  ///
  /// @param network with all weights that the projection's mask does not keep at zero
  /// @param projection of the stage
  /// @param effectiveRows of the gradient matrix, null where there is none
  /// @param notes what a reader of the report should know of how it was done
  record Outcome(
      Network network,
      Projection projection,
      @Nullable Double effectiveRows,
      List<StageNote> notes) {
    /// Copies the notes.
    public Outcome {
      notes = List.copyOf(notes);
    }

    /// The same with one more note.
    Outcome withNote(StageNote note) {
      return new Outcome(
          network,
          projection,
          effectiveRows,
          Stream.concat(notes.stream(), Stream.of(note)).toList());
    }
  }

  /// @param stage number, from 0
  /// @param present the network after the stage before, the dense one in stage 0
  Outcome run(Setting setting, int stage, Network present);
}
