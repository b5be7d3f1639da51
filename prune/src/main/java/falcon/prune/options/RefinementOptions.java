package falcon.prune.options;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The options of the steps on the pruned network as a whole, once the weights of its layers are
/// re-fitted.
///
/// @param batchNorm whether the statistics of BatchNormalization are estimated again after the last
///     stage
public record RefinementOptions(BatchNormPolicy batchNorm) {
  /// The default: statistics of BatchNormalization are re-estimated where they help on validation
  /// samples.
  public static final RefinementOptions DEFAULT = new RefinementOptions(BatchNormPolicy.AUTO);

  /// Returns the same options with another policy for BatchNormalization.
  public RefinementOptions withBatchNorm(BatchNormPolicy value) {
    return new RefinementOptions(value);
  }

  /// Returns the report's values of these options, by name, in the order of the report.
  public Map<String, @Nullable Object> values() {
    var values = new LinkedHashMap<String, @Nullable Object>();
    values.put("bn-refresh", batchNorm.id());
    return values;
  }
}
