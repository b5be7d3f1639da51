package falcon.prune.method;

import falcon.projection.Projection;
import falcon.torch.training.StepCheckpoints;
import java.util.function.Supplier;

/// The checkpoints of a stage in progress, so that an interrupted run need not restart the stage.
/// What is stored, and when, changes no bit of the result. It is used by the run's thread only.
///
/// The name of a part of a stage states its work, in words that a message can show ("support
/// search").
public interface StageCheckpoints {
  /// Keeps nothing.
  StageCheckpoints NONE =
      new StageCheckpoints() {
        @Override
        public StageCheckpoints with(String settings) {
          return this;
        }

        @Override
        public Projection projection(String part, Supplier<Projection> work) {
          return work.get();
        }

        @Override
        public PruningMethod.Outcome outcome(String part, Supplier<PruningMethod.Outcome> work) {
          return work.get();
        }

        @Override
        public StepCheckpoints refinement() {
          return StepCheckpoints.NONE;
        }

        @Override
        public StepCheckpoints retraining() {
          return StepCheckpoints.NONE;
        }
      };

  /// Returns the same checkpoints for a method with the given settings: parts stored under other
  /// settings are not used.
  ///
  /// @param settings all choices of the method that its result depends on
  StageCheckpoints with(String settings);

  /// Returns a part's projection: the stored one, or else the one that `work` computes.
  Projection projection(String part, Supplier<Projection> work);

  /// Returns a part's outcome: the stored one, or else the one that `work` computes.
  PruningMethod.Outcome outcome(String part, Supplier<PruningMethod.Outcome> work);

  /// Returns the store for the states of the stage's refinement.
  StepCheckpoints refinement();

  /// Returns the store for the states of a retraining.
  StepCheckpoints retraining();
}
