package falcon.prune.method;

import falcon.projection.Projection;
import falcon.torch.training.RefinementCheckpoints;
import java.util.function.Supplier;

/// What is kept of a stage that is under way, so that a run that is broken off need not begin the
/// stage again. What is kept, and when, changes no bit of the result. For the thread that runs.
///
/// A part of a stage is named by what it does, in words that a message can show ("support search").
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
        public RefinementCheckpoints refinement() {
          return RefinementCheckpoints.NONE;
        }
      };

  /// The same for a way with these settings: what a way with others has kept is not used.
  ///
  /// @param settings all choices of the way that its result depends on
  StageCheckpoints with(String settings);

  /// A part's projection: the one that was kept, or else the one that `work` makes.
  Projection projection(String part, Supplier<Projection> work);

  /// A part's outcome: the one that was kept, or else the one that `work` makes.
  PruningMethod.Outcome outcome(String part, Supplier<PruningMethod.Outcome> work);

  /// Where the stage's refinement leaves its state.
  RefinementCheckpoints refinement();
}
