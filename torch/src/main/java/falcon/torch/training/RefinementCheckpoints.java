package falcon.torch.training;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The store of a [Refinement]'s intermediate states, so that an interrupted refinement can
/// continue to the same bits. It is used by the refining thread only.
public interface RefinementCheckpoints {
  /// Stores nothing.
  RefinementCheckpoints NONE =
      new RefinementCheckpoints() {
        @Override
        public @Nullable State last() {
          return null;
        }

        @Override
        public void stepDone(int done, int steps, Supplier<State> state) {}
      };

  /// The state of a refinement between two steps: all that the following steps depend on, beside
  /// the networks (their zeros are the support), the samples and the options.
  ///
  /// @param done number of finished steps, one or more
  /// @param scales scales of the loss's terms
  /// @param arrays weights and Adam's two moments, by name. The arrays of a state to be stored
  ///     belong to the refinement, which changes them in its next step; those of a loaded state are
  ///     handed over
  record State(int done, List<Double> scales, Map<String, float[]> arrays) {
    /// Copies the collections.
    public State {
      scales = List.copyOf(scales);
    }
  }

  /// Returns the state that was stored last; null for a refinement that begins.
  @Nullable State last();

  /// Receives notice of every step and decides whether the state after it is stored.
  ///
  /// @param done number of finished steps
  /// @param steps number of steps of the refinement
  /// @param state supplies the state, which must be requested and written before this method
  ///     returns
  void stepDone(int done, int steps, Supplier<State> state);
}
