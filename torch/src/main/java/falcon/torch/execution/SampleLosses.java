package falcon.torch.execution;

import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/// The losses of a network on some samples, one per sample, by one measure: 0 is best. Immutable.
///
/// ```
/// percent = 100 (1 − Σ_i loss_i / scale)
/// ```
///
/// Wrong labels and disagreements count 1 each, and scale is the number of samples: percent is the
/// accuracy, or the share of samples on which two networks agree. Output errors are ‖z_i − z̄_i‖²,
/// z̄ the reference's outputs, and scale is Σ_i ‖z̄_i − mean z̄‖²: percent is the share of the
/// outputs' variance that is reproduced, below 0 where their mean alone would be closer. Where the
/// reference's outputs do not vary, as those of a single sample, scale is Σ_i ‖z̄_i‖².
public final class SampleLosses {
  /// The number of standard deviations of chance that a difference must exceed to count.
  private static final double DEVIATIONS = 2;

  /// The number of chunks whose sums are held at a time.
  private static final int CHUNKS_AT_A_TIME = 16;

  private final double[] losses;
  private final double scale;

  SampleLosses(double[] losses, double scale) {
    this.losses = losses;
    this.scale = scale;
  }

  /// Losses on no samples at all.
  public static SampleLosses none() {
    return new SampleLosses(new double[0], 1);
  }

  /// Returns a loss of 1 for each sample that is not classified as its label.
  ///
  /// @param predictions as [#predictions] returns them for these samples
  /// @throws IllegalStateException if the samples have no labels
  public static SampleLosses wrongLabels(List<Integer> predictions, SampleSource samples) {
    var losses = new double[samples.size()];
    var chunks = SampleChunks.of(samples);
    for (int chunk = 0; chunk < chunks.count(); chunk++) {
      int[] labels = samples.labels(chunks.from(chunk), chunks.to(chunk));
      for (int i = 0; i < labels.length; i++) {
        int sample = chunks.from(chunk) + i;
        losses[sample] = predictions.get(sample) == labels[i] ? 0 : 1;
      }
    }
    return new SampleLosses(losses, losses.length);
  }

  /// Returns a loss of 1 for each sample that is not classified as by the reference.
  ///
  /// @param reference as [#predictions] returns them
  /// @param predictions predictions for the same samples
  public static SampleLosses disagreements(List<Integer> reference, List<Integer> predictions) {
    var losses = new double[predictions.size()];
    for (int i = 0; i < losses.length; i++) {
      losses[i] = predictions.get(i).equals(reference.get(i)) ? 0 : 1;
    }
    return new SampleLosses(losses, losses.length);
  }

  /// Returns the class of greatest output of each sample; of equal outputs the lowest class.
  public static List<Integer> predictions(Network network, SampleSource samples, Workers workers) {
    return predictions(
        Evaluation.logits(network, samples, workers).meaning(BinaryOutput.of(network)));
  }

  /// Returns the class of each sample.
  public static List<Integer> predictions(Logits logits) {
    var predictions = new ArrayList<Integer>();
    for (int i = 0; i < logits.samples(); i++) {
      predictions.add(logits.prediction(i));
    }
    return List.copyOf(predictions);
  }

  /// Returns the squared errors of the outputs. Both networks are evaluated side by side, float32,
  /// eval mode; the outputs are not kept.
  public static SampleLosses outputErrors(
      Network reference, Network network, SampleSource samples, Workers workers) {
    try (var loadedReference = new LoadedNetwork(reference, Precision.FLOAT32);
        var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      SampleChunks chunks = loadedReference.chunks(samples);
      var job = ChunkJob.of("output errors", samples, chunks, loadedReference, loaded);
      var losses = new double[samples.size()];
      Outputs all = null;
      for (int first = 0; first < job.tasks(); first += CHUNKS_AT_A_TIME) {
        ChunkJob some = job.part(first, Math.min(job.tasks(), first + CHUNKS_AT_A_TIME));
        List<Outputs> parts = ChunkMapper.of(workers).map(some, Outputs::of);
        for (int i = 0; i < parts.size(); i++) {
          Outputs part = parts.get(i);
          System.arraycopy(part.errors, 0, losses, chunks.from(first + i), part.errors.length);
          if (all == null) {
            all = part;
          } else {
            all.add(part);
          }
        }
      }
      return new SampleLosses(losses, all == null ? 1 : all.scale(losses.length));
    }
  }

  /// Returns the number of samples.
  public int count() {
    return losses.length;
  }

  /// 100 for a network that loses nothing; without samples there is no number to return.
  public double percent() {
    return 100.0 * (scale - Arrays.stream(losses).sum()) / scale;
  }

  /// Returns the interval of [#percent], with 95 % confidence; null where there are too few samples
  /// for one: none, or one output error.
  public @Nullable Interval interval() {
    if (areAnswers() && losses.length > 0) {
      int hits = losses.length - (int) Math.round(Arrays.stream(losses).sum());
      return Interval.ofShare(hits, losses.length);
    }
    return Interval.ofLosses(losses, scale);
  }

  /// Returns how much lower [#percent] is than that of another network on the same samples.
  ///
  /// @return null where there are too few samples for an interval, as of [#interval]
  public @Nullable QualityDrop dropFrom(SampleLosses other) {
    if (losses.length == 0) {
      return null;
    }
    if (!areAnswers() || !other.areAnswers()) {
      var differences = new double[losses.length];
      for (int i = 0; i < losses.length; i++) {
        differences[i] = losses[i] - other.losses[i] * scale / other.scale;
      }
      return QualityDrop.ofLosses(differences, scale);
    }
    int lost = 0;
    int won = 0;
    for (int i = 0; i < losses.length; i++) {
      lost += losses[i] > other.losses[i] ? 1 : 0;
      won += losses[i] < other.losses[i] ? 1 : 0;
    }
    return QualityDrop.ofAnswers(lost, won, losses.length);
  }

  /// Returns whether the losses are those of right and wrong answers.
  private boolean areAnswers() {
    return scale == losses.length && Arrays.stream(losses).allMatch(l -> l == 0 || l == 1);
  }

  /// Returns the losses of some of the samples, on the same scale a sample.
  ///
  /// @param positions which of them, from 0 on
  public SampleLosses at(int... positions) {
    double[] some = Arrays.stream(positions).mapToDouble(i -> losses[i]).toArray();
    return new SampleLosses(some, scale * some.length / losses.length);
  }

  /// Returns whether another network has lower losses on the same samples, beyond chance: the sum
  /// of the differences d exceeds two standard deviations √Σd² of the value expected if both were
  /// equally good. For losses of 0 and 1 this is McNemar's test.
  public boolean isWorseThan(SampleLosses other) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < losses.length; i++) {
      double difference = losses[i] - other.losses[i];
      sum += difference;
      squares += difference * difference;
    }
    return sum > DEVIATIONS * Math.sqrt(squares);
  }

  /// The errors of a chunk's samples, and sums of the reference's outputs.
  private static final class Outputs implements Serializable {
    private static final long serialVersionUID = 1L;

    private final double[] errors;
    private final double[] sums;
    private double squares;

    private Outputs(double[] errors, double[] sums, double squares) {
      this.errors = errors;
      this.sums = sums;
      this.squares = squares;
    }

    static Outputs of(ChunkWork.Task task) {
      float[] wanted = outputs(task, task.network());
      NonFiniteValues.refuse(wanted, task.network(), task.batch());
      float[] found = outputs(task, task.networks().getLast());
      var errors = new double[task.length()];
      var sums = new double[wanted.length / errors.length];
      double squares = 0;
      for (int i = 0; i < wanted.length; i++) {
        double difference = (double) found[i] - wanted[i];
        errors[i / sums.length] += difference * difference;
        sums[i % sums.length] += wanted[i];
        squares += (double) wanted[i] * wanted[i];
      }
      return new Outputs(errors, sums, squares);
    }

    private static float[] outputs(ChunkWork.Task task, LoadedNetwork network) {
      try (var _ = new PointerScope();
          var execution = network.start(task.batch())) {
        return task.withoutSurplus(
            Torch.floats(network.perSample(execution.runToEnd(), task.batch().size())));
      }
    }

    void add(Outputs other) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += other.sums[i];
      }
      squares += other.squares;
    }

    /// Returns what errors are shares of: the variance, or where outputs do not vary their squares.
    double scale(int samples) {
      double variance = samples < 2 ? 0 : variance(samples);
      return variance > 0 ? variance : squares > 0 ? squares : 1;
    }

    /// Returns Σ ‖z − mean‖² = Σ ‖z‖² − ‖Σ z‖² / n.
    double variance(int samples) {
      double ofMean = 0;
      for (double sum : sums) {
        ofMean += sum * sum / samples;
      }
      return squares - ofMean;
    }
  }
}
