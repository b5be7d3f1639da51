package falcon.prune.options;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The options of [Refit#BACKSOLVE]; a run with another re-fit refuses each of them.
///
/// Source: FALCON (arXiv:2403.07094), sections 3 and 4.
///
/// @param curvature kind of gradients in the rows of the gradient matrix; null for
///     [Curvature#LOGITS]
/// @param ridge λ of the quadratic Q(w) = ½ ‖X (w − w̄) + e‖² + (nλ/2) ‖w − w̄‖², finite and above
///     0; null for 0.01
/// @param block number of weights that are solved together, 1 or more; 0 or null for all
/// @param scratch existing folder for gradients that do not fit in memory; null for the system's
///     folder of temporary files
public record BacksolveOptions(
    @Nullable Curvature curvature,
    @Nullable Double ridge,
    @Nullable Integer block,
    @Nullable Path scratch) {
  /// The values that measured best.
  public static final BacksolveOptions DEFAULT = new BacksolveOptions(null, null, null, null);

  /// Returns the same options with other rows of the gradient matrix.
  ///
  /// @param value null for [Curvature#LOGITS]
  public BacksolveOptions withCurvature(@Nullable Curvature value) {
    return new BacksolveOptions(value, ridge, block, scratch);
  }

  /// Returns the same options with another ridge.
  ///
  /// @param value λ, finite and above 0; null for 0.01
  public BacksolveOptions withRidge(@Nullable Double value) {
    return new BacksolveOptions(curvature, value, block, scratch);
  }

  /// Returns the same options with another number of weights that are solved together.
  ///
  /// @param value 1 or more; 0 or null for all
  public BacksolveOptions withBlock(@Nullable Integer value) {
    return new BacksolveOptions(curvature, ridge, value, scratch);
  }

  /// Returns the same options with another folder for temporary files.
  ///
  /// @param value an existing folder; null for the system's
  public BacksolveOptions withScratch(@Nullable Path value) {
    return new BacksolveOptions(curvature, ridge, block, value);
  }

  /// Returns the report's values of these options, by name, in the order of the report; null is an
  /// option that was left to the method. The folder is omitted: no bit of the result depends on it.
  public Map<String, @Nullable Object> values() {
    var values = new LinkedHashMap<String, @Nullable Object>();
    values.put("curvature", curvature == null ? null : curvature.id());
    values.put("ridge", ridge);
    values.put("block", block);
    return values;
  }
}
