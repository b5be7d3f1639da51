package falcon.prune.report;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What became of one layer in a run.
///
/// @param outputError squared error of the layer's outputs in the written network, relative to
///     their squares in the dense one, summed over held-out samples: 0 for equal outputs, above 1
///     where zeros would be closer. The error of the layer's inputs counts, too. Null where no
///     samples are held out, a whole network was trained, or the products of its weights are not
///     values of the network
/// @param refit how its kept weights got their values, before any refinement or retraining
public record LayerOutcome(@Nullable Double outputError, Refitted refit) {
  /// The ways in which a layer's kept weights got their values.
  public enum Refitted {
    /// By least squares on the products of the layer's inputs.
    PRODUCTS,
    /// By least squares on the rows of the layer's inputs, with conjugate gradients.
    ROWS,
    /// By the low-rank quadratic over all layers at once.
    BACKSOLVE,
    /// They are the dense network's values.
    UNCHANGED,
    /// By the program's own method, or the mask was given.
    OTHER;

    /// Returns the name in `result.json`.
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
