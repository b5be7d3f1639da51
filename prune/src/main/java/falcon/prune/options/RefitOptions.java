package falcon.prune.options;

import org.jspecify.annotations.Nullable;

/// The options of the re-fit of the kept weights.
///
/// @param kind way to re-fit
/// @param samples number of calibration samples of each stage, which the support search uses, too;
///     1 or more, at most the training samples that are not held out for validation; null for 512,
///     or for 1,000 with [Refit#BACKSOLVE], or for all of them where there are fewer
/// @param backsolve options of [Refit#BACKSOLVE] alone
public record RefitOptions(Refit kind, @Nullable Integer samples, BacksolveOptions backsolve) {
  /// The method's own re-fit and number of samples.
  public static final RefitOptions DEFAULT =
      new RefitOptions(Refit.AUTO, null, BacksolveOptions.DEFAULT);

  /// Returns the same options with another way to re-fit.
  public RefitOptions withKind(Refit value) {
    return new RefitOptions(value, samples, backsolve);
  }

  /// Returns the same options with another number of calibration samples.
  ///
  /// @param value 1 or more; null for the number that suits the re-fit
  public RefitOptions withSamples(@Nullable Integer value) {
    return new RefitOptions(kind, value, backsolve);
  }

  /// Returns the same options with other options of the backsolve.
  public RefitOptions withBacksolve(BacksolveOptions value) {
    return new RefitOptions(kind, samples, value);
  }
}
