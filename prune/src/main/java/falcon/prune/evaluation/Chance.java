package falcon.prune.evaluation;

import falcon.data.DataOption;
import falcon.torch.sample.SampleSource;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Whether a classifier gets more labels right than chance explains.
///
/// Chance is what predictions and labels that know nothing of each other would agree in: Σ_c p_c
/// q_c, with the shares p of the predicted classes and q of the labels. So a classifier that always
/// says the most frequent class is not beyond chance.
public final class Chance {
  /// Number of samples from which something is said.
  private static final int LEAST_SAMPLES = 10;

  /// Standard deviations of chance that the accuracy must exceed.
  private static final double DEVIATIONS = 2;

  private final TreeMap<Integer, Integer> labels = new TreeMap<>();
  private final TreeMap<Integer, Integer> predictions = new TreeMap<>();
  private int samples;
  private int correct;

  /// Starts without samples.
  public Chance() {}

  /// Counts some samples.
  ///
  /// @param predicted class of each sample
  public void add(List<Integer> predicted, SampleSource source) {
    int[] wanted = source.labels(0, predicted.size());
    for (int i = 0; i < wanted.length; i++) {
      if (wanted[i] >= 0) {
        samples++;
        correct += predicted.get(i) == wanted[i] ? 1 : 0;
        labels.merge(wanted[i], 1, Integer::sum);
        predictions.merge(predicted.get(i), 1, Integer::sum);
      }
    }
  }

  /// Returns a warning if the accuracy is not beyond chance.
  ///
  /// @return null if it is, or if there are too few samples to tell
  public @Nullable String warning(NetworkWithData match) {
    int classes = FirstLook.classes(match.network());
    if (samples < LEAST_SAMPLES) {
      return null;
    }
    double chance = 0;
    for (var label : labels.entrySet()) {
      chance +=
          label.getValue()
              * (double) predictions.getOrDefault(label.getKey(), 0)
              / samples
              / samples;
    }
    double share = Math.clamp(chance, 1.0 / samples, 1 - 1.0 / samples);
    double deviation = DEVIATIONS * Math.sqrt(share * (1 - share) / samples);
    boolean canBeBeyond = labels.size() > 1 && chance + deviation < 1;
    double accuracy = (double) correct / samples;
    if (!canBeBeyond || accuracy > chance + deviation) {
      return null;
    }
    return "The network gets %.2f %% of %,d samples right, which is not beyond chance (%.2f %%). The usual suspects: the order of the classes%s; the preprocessing%s; the layout of the inputs (channels first or last, RGB or BGR)."
        .formatted(
            100 * accuracy,
            samples,
            100 * chance,
            labels.size() < classes
                ? " (the data have %d of the network's %d)".formatted(labels.size(), classes)
                : "",
            match.data().layout().isImages()
                ? " (%s, %s)".formatted(DataOption.MEAN, DataOption.DEVIATION)
                : " (arrays go in as they are)");
  }
}
