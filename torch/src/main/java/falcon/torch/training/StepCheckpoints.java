package falcon.torch.training;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The store of the intermediate states of a [Refinement] or a [Training], so that an interrupted
/// one can continue to the same bits. It is used by the thread that takes the steps only.
public interface StepCheckpoints {
  /// Stores nothing.
  StepCheckpoints NONE =
      new StepCheckpoints() {
        @Override
        public @Nullable State last() {
          return null;
        }

        @Override
        public void stepDone(int done, int steps, Supplier<State> state) {}
      };

  /// The state between two steps: all that the following steps depend on, beside the networks, the
  /// mask, the samples and the options.
  ///
  /// @param done number of finished steps, one or more
  /// @param scales scales of the loss's terms
  /// @param arrays weights and Adam's two moments, by name. The arrays of a state to be stored
  ///     belong to the refinement or training, which changes them in its next step; those of a
  ///     loaded state are handed over
  /// @param texts what a caller adds, by name
  record State(
      int done, List<Double> scales, Map<String, float[]> arrays, Map<String, String> texts) {
    /// Copies the collections.
    public State {
      scales = List.copyOf(scales);
      texts = Map.copyOf(texts);
    }

    /// A state without texts.
    public State(int done, List<Double> scales, Map<String, float[]> arrays) {
      this(done, scales, arrays, Map.of());
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
