package falcon.torch.layer;

import org.bytedeco.pytorch.Tensor;

/// The assignment of a layer's rows to samples: row r belongs to sample `(r / inner) mod samples`.
///
/// @param samples b, number of samples
/// @param inner number of consecutive rows of one sample: all of them where the batch is the first
///     axis, 1 where it is the last one before the features
public record SampleRows(int samples, long inner) {
  /// @param rows `[g, n, k]`
  /// @return `[g · b, positions, k]`
  Tensor perSample(Tensor rows) {
    long groups = rows.size(0);
    long outer = rows.size(1) / (samples * inner);
    long k = rows.size(2);
    if (outer == 1) {
      return rows.reshape(groups * samples, inner, k);
    }
    return rows.reshape(groups, outer, samples, inner, k)
        .permute(0, 2, 1, 3, 4)
        .reshape(groups * samples, outer * inner, k);
  }
}
