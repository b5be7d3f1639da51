package falcon.benchmarks;

import falcon.data.NamedArrays;
import falcon.data.NumberArray;
import falcon.model.Network;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.ArraySamples;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.IntStream;

/// Sentences as unit vectors: the mean of an encoder's outputs for a sentence's tokens, as in
/// sentence-transformers. Instances are immutable.
final class SentenceEmbeddings {
  private static final String MASK = "attention_mask";

  private final double[][] vectors;

  private SentenceEmbeddings(double[][] vectors) {
    this.vectors = vectors;
  }

  /// @param encoder network with the output `[b, tokens, n]`
  /// @param samples samples with the array `attention_mask` `[tokens]`, 1 where there is a token
  /// @param sentences number of sentences, the first ones
  static SentenceEmbeddings of(
      Network encoder, NamedArrays samples, int sentences, Workers workers) {
    NumberArray mask = Objects.requireNonNull(samples.arrays().get(MASK), MASK);
    int tokens = mask.sampleSize();
    int[] first = IntStream.range(0, Math.min(sentences, samples.count())).toArray();
    Logits states = Evaluation.logits(encoder, ArraySamples.of(samples, encoder, first), workers);
    int size = states.classes() / tokens;
    var vectors = new double[first.length][size];
    var shown = new float[tokens];
    for (int s = 0; s < first.length; s++) {
      mask.copyFloats(s, shown, 0);
      double squares = 0;
      for (int i = 0; i < size; i++) {
        for (int t = 0; t < tokens; t++) {
          vectors[s][i] += shown[t] * states.value(s, t * size + i);
        }
        squares += vectors[s][i] * vectors[s][i];
      }
      for (int i = 0; i < size; i++) {
        vectors[s][i] /= Math.sqrt(squares);
      }
    }
    return new SentenceEmbeddings(vectors);
  }

  int count() {
    return vectors.length;
  }

  /// Returns the mean over sentences of the cosine between both embeddings.
  double meanCosine(SentenceEmbeddings other) {
    double sum = 0;
    for (int s = 0; s < vectors.length; s++) {
      sum += cosine(vectors[s], other.vectors[s]);
    }
    return sum / vectors.length;
  }

  /// Returns the share of sentences whose nearest other sentence is the same, in percent.
  double sameNearest(SentenceEmbeddings other) {
    int same = 0;
    for (int s = 0; s < vectors.length; s++) {
      same += nearest(s) == other.nearest(s) ? 1 : 0;
    }
    return 100.0 * same / vectors.length;
  }

  /// Returns Spearman's rank correlation of the similarities of all pairs of sentences.
  double rankCorrelation(SentenceEmbeddings other) {
    double[] own = ranks(similarities());
    double[] others = ranks(other.similarities());
    double mean = (own.length - 1) / 2.0;
    double product = 0;
    double squares = 0;
    for (int i = 0; i < own.length; i++) {
      product += (own[i] - mean) * (others[i] - mean);
      squares += (own[i] - mean) * (own[i] - mean);
    }
    return product / squares;
  }

  private int nearest(int sentence) {
    int best = -1;
    double most = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < vectors.length; s++) {
      double cosine = s == sentence ? most : cosine(vectors[s], vectors[sentence]);
      if (cosine > most) {
        most = cosine;
        best = s;
      }
    }
    return best;
  }

  private double[] similarities() {
    int n = vectors.length;
    var all = new double[n * (n - 1) / 2];
    int next = 0;
    for (int s = 0; s < n; s++) {
      for (int r = 0; r < s; r++) {
        all[next++] = cosine(vectors[s], vectors[r]);
      }
    }
    return all;
  }

  /// Returns for each value the number of smaller ones; equal values are ranked by position.
  private static double[] ranks(double[] values) {
    Integer[] places = IntStream.range(0, values.length).boxed().toArray(Integer[]::new);
    Arrays.sort(places, Comparator.comparingDouble(place -> values[place]));
    var ranks = new double[values.length];
    for (int rank = 0; rank < places.length; rank++) {
      ranks[places[rank]] = rank;
    }
    return ranks;
  }

  private static double cosine(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
