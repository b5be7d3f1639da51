package falcon.data;

import java.util.Arrays;
import java.util.SplittableRandom;

/// Chooses samples so that each class has the same share, as far as the samples allow; samples
/// without classes count as one class, and single ones without a class ([Samples#NO_CLASS]) are
/// never chosen.
public final class ClassBalance {
  private ClassBalance() {}

  /// Shuffles each class, then takes one sample of each class in turn until there are enough; a
  /// class contributes at most `share` of its samples, rounded down. If there are fewer samples to
  /// choose than classes, the classes are drawn at random.
  ///
  /// If these shares do not suffice, because many classes have a single sample, the rest comes from
  /// classes drawn at random, of which each contributes one sample more.
  ///
  /// @param count number wanted, at most `share` of all samples with a class
  /// @param share greatest part of a class that is taken, above 0, at most 1
  /// @return the chosen indexes, ascending
  public static int[] choose(Samples samples, int count, double share, SplittableRandom random) {
    var byClass = shuffledByClass(samples, random);
    var limits = new int[byClass.length];
    for (int c = 0; c < limits.length; c++) {
      limits[c] = (int) Math.floor(byClass[c].length * share);
    }
    var order = new int[byClass.length];
    Arrays.setAll(order, c -> c);
    if (count < Arrays.stream(limits).filter(limit -> limit > 0).count()) {
      shuffle(order, order.length, random);
    }
    var chosen = new int[count];
    int taken = 0;
    int fewest = Math.min(count, Arrays.stream(limits).sum());
    for (int round = 0; taken < fewest; round++) {
      for (int i = 0; i < order.length && taken < fewest; i++) {
        if (round < limits[order[i]]) {
          chosen[taken++] = byClass[order[i]][round];
        }
      }
    }
    if (taken < count) {
      shuffle(order, order.length, random);
      for (int i = 0; taken < count; i++) {
        int c = order[i];
        if (limits[c] < byClass[c].length) {
          chosen[taken++] = byClass[c][limits[c]];
        }
      }
    }
    Arrays.sort(chosen);
    return chosen;
  }

  private static int[][] shuffledByClass(Samples samples, SplittableRandom random) {
    boolean isLabelled = samples.isLabelled();
    var sizes = new int[isLabelled ? samples.classes() : 1];
    for (int i = 0; i < samples.count(); i++) {
      if (!isLabelled || samples.hasClass(i)) {
        sizes[isLabelled ? samples.label(i) : 0]++;
      }
    }
    var byClass = new int[sizes.length][];
    for (int c = 0; c < sizes.length; c++) {
      byClass[c] = new int[sizes[c]];
    }
    for (int i = samples.count() - 1; i >= 0; i--) {
      if (!isLabelled || samples.hasClass(i)) {
        int c = isLabelled ? samples.label(i) : 0;
        byClass[c][--sizes[c]] = i;
      }
    }
    for (int[] indexes : byClass) {
      shuffle(indexes, indexes.length, random);
    }
    return byClass;
  }

  /// Moves a random choice of `count` of the indexes, in random order, to the front (the first part
  /// of the Fisher–Yates shuffle).
  static void shuffle(int[] indexes, int count, SplittableRandom random) {
    for (int i = 0; i < count; i++) {
      int j = i + random.nextInt(indexes.length - i);
      int swapped = indexes[i];
      indexes[i] = indexes[j];
      indexes[j] = swapped;
    }
  }
}
