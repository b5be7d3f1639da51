package falcon.data;

import java.util.Arrays;
import java.util.SplittableRandom;

/// The partition of the training samples by purpose: a validation part is held out for all choices,
/// the rest supplies calibration samples and samples to train on. Instances are immutable.
///
/// The validation part is the same for all seeds, so that runs with different seeds are evaluated
/// on the same samples; it has the same number of samples of each class, as far as the classes
/// allow (at most half of a class is held out). Where it has fewer samples than there are classes,
/// these are drawn at random. Samples without classes are drawn as if all belonged to one class;
/// a single sample without a class among others that have one is not held out.
public final class Splits {
  /// Default number of samples held out of a large training split.
  private static final int VALIDATION_COUNT = 2_000;

  /// Number of training samples per held-out sample in a small training split.
  private static final int VALIDATION_DIVISOR = 10;

  /// Number of samples held out of some hundred.
  private static final int FEW_COUNT = 32;

  /// Number of training samples per held-out sample where fewer than that are held out.
  private static final int FEW_DIVISOR = 4;

  /// Number of samples that are held out in any case, unless they are more than half.
  private static final int LEAST_COUNT = 8;

  /// The master seed of the validation part, which does not depend on the run's seed.
  private static final long VALIDATION_SEED = 0;

  private static final String VALIDATION_LABEL = "validation";
  private static final String CALIBRATION_LABEL = "calibration";

  private final int[] validation;
  private final int[] rest;

  private Splits(int[] validation, int[] rest) {
    this.validation = validation;
    this.rest = rest;
  }

  /// Holds out 2,000 samples or a tenth, whichever is less. Of fewer than 320 samples a larger part
  /// is held out, since nothing can be decided on a handful: a quarter, 32 samples at most; 8
  /// samples at least, or half of all where they are fewer than 16.
  public static Splits of(Samples train) {
    return of(train, validationCount(train.judged().length));
  }

  /// Returns the least number of training samples of which [#of(Samples)] holds out any.
  public static int leastForValidation() {
    return 2;
  }

  /// Returns the greatest number of samples that [#of(Samples)] holds out.
  public static int most() {
    return VALIDATION_COUNT;
  }

  private static int validationCount(int count) {
    int usual = Math.min(VALIDATION_COUNT, count / VALIDATION_DIVISOR);
    int ofFew =
        Math.max(Math.min(FEW_COUNT, count / FEW_DIVISOR), Math.min(LEAST_COUNT, count / 2));
    return Math.max(usual, ofFew);
  }

  /// Holds out a given number of samples.
  ///
  /// @param validationCount number of samples held out, from 0 to half of the training samples that
  ///     networks can be judged on
  /// @throws IllegalArgumentException if it is outside that range
  static Splits of(Samples train, int validationCount) {
    int most = train.judged().length / 2;
    if (validationCount < 0 || validationCount > most) {
      throw new IllegalArgumentException(
          "%d validation samples of %d training samples: wanted are 0 to %d"
              .formatted(validationCount, train.count(), most));
    }
    var random = Seeds.of(VALIDATION_SEED, VALIDATION_LABEL, 0);
    var validation = ClassBalance.choose(train, validationCount, 0.5, random);
    var rest = new int[train.count() - validationCount];
    int held = 0;
    int kept = 0;
    for (int i = 0; i < train.count(); i++) {
      if (held < validation.length && validation[held] == i) {
        held++;
      } else {
        rest[kept++] = i;
      }
    }
    return new Splits(validation, rest);
  }

  /// Returns the indexes of the validation samples in the training split, ascending; a new copy.
  public int[] validation() {
    return validation.clone();
  }

  /// Returns the indexes of all other training samples, ascending; a new copy.
  public int[] rest() {
    return rest.clone();
  }

  /// Draws the calibration samples of one stage without replacement from the samples that are not
  /// held out; each stage draws independently.
  ///
  /// @param count number of samples, from 0 to `rest().length`
  /// @return indexes in the training split, in the order drawn: a shorter draw is the start of a
  ///     longer one
  /// @throws IllegalArgumentException if there are fewer samples
  int[] calibration(long seed, int stage, int count) {
    return draw(Seeds.of(seed, CALIBRATION_LABEL, stage), count);
  }

  /// Draws like [#calibration] from a stream that the caller supplies, for uses of another label.
  public int[] draw(SplittableRandom random, int count) {
    if (count < 0 || count > rest.length) {
      throw new IllegalArgumentException(
          "%d samples of %d training samples that are not held out for validation"
              .formatted(count, rest.length));
    }
    var shuffled = rest.clone();
    ClassBalance.shuffle(shuffled, count, random);
    return Arrays.copyOf(shuffled, count);
  }
}
