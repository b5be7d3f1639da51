package falcon.benchmarks.real;

import java.util.ArrayList;
import java.util.List;

/// Tells the class of sentences by logistic regression on their embeddings: the mean of an
/// encoder's outputs for a sentence's tokens, scaled to length 1. It is fitted to the dense
/// encoder's embeddings.
final class SentenceJudge implements Judge {
  private static final int STEPS = 3_000;
  private static final double RATE = 20;
  private static final double DECAY = 1e-5;
  private static final String MASK = "attention_mask";

  /// Weights, the last one is for a constant 1.
  private final double[] weights;

  /// @param outputs the dense encoder's outputs `[tokens, n]` for each sentence
  SentenceJudge(List<float[]> outputs, SampleSet sentences) {
    List<double[]> vectors = embeddings(outputs, sentences);
    List<Integer> labels = sentences.labels();
    weights = new double[vectors.getFirst().length + 1];
    for (int step = 0; step < STEPS; step++) {
      var gradient = new double[weights.length];
      for (int s = 0; s < labels.size(); s++) {
        double[] vector = vectors.get(s);
        double error = 1 / (1 + Math.exp(-score(vector))) - labels.get(s);
        for (int i = 0; i < vector.length; i++) {
          gradient[i] += error * vector[i];
        }
        gradient[vector.length] += error;
      }
      for (int i = 0; i < weights.length; i++) {
        weights[i] -= RATE * (gradient[i] / labels.size() + DECAY * weights[i]);
      }
    }
  }

  @Override
  public double percent(List<float[]> outputs, SampleSet sentences) {
    List<Integer> labels = sentences.labels();
    List<double[]> vectors = embeddings(outputs, sentences);
    int right = 0;
    for (int s = 0; s < labels.size(); s++) {
      right += (score(vectors.get(s)) > 0 ? 1 : 0) == labels.get(s) ? 1 : 0;
    }
    return 100.0 * right / labels.size();
  }

  private double score(double[] vector) {
    double sum = weights[vector.length];
    for (int i = 0; i < vector.length; i++) {
      sum += weights[i] * vector[i];
    }
    return sum;
  }

  private static List<double[]> embeddings(List<float[]> outputs, SampleSet sentences) {
    Column masks =
        sentences.columns().stream().filter(c -> c.name().equals(MASK)).findFirst().orElseThrow();
    var vectors = new ArrayList<double[]>();
    for (int s = 0; s < outputs.size(); s++) {
      float[] states = outputs.get(s);
      float[] mask = masks.values().get(s);
      var vector = new double[states.length / mask.length];
      double squares = 0;
      for (int i = 0; i < vector.length; i++) {
        for (int t = 0; t < mask.length; t++) {
          vector[i] += mask[t] * states[t * vector.length + i];
        }
        squares += vector[i] * vector[i];
      }
      for (int i = 0; i < vector.length; i++) {
        vector[i] /= Math.sqrt(squares);
      }
      vectors.add(vector);
    }
    return vectors;
  }
}
