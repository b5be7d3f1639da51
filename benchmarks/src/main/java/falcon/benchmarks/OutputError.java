package falcon.benchmarks;

import falcon.data.Images;
import falcon.data.Preprocessing;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.ImageSamples;

/// The error of a network's outputs against the dense network's on held-out training images,
/// cropped and flipped as in training (the network has memorised the unchanged images).
///
/// @param meanSquare mean over images and outputs of the squared difference
/// @param agreement share of images with the same prediction, in percent
record OutputError(double meanSquare, double agreement) {
  /// Seed of crops and flips, which no calibration uses.
  private static final long SEED = 4711;

  /// Number of times that every held-out image is used.
  private static final int DRAWS = 2;

  static OutputError of(
      Network dense, Network pruned, Images train, Preprocessing preprocessing, Workers workers) {
    double squares = 0;
    int same = 0;
    int images = 0;
    int outputs = 1;
    for (int draw = 0; draw < DRAWS; draw++) {
      ImageSamples samples =
          ImageSamples.augmented(train, Splits.of(train).validation(), preprocessing, SEED + draw);
      Logits wanted = Evaluation.logits(dense, samples, workers);
      Logits found = Evaluation.logits(pruned, samples, workers);
      outputs = wanted.classes();
      for (int i = 0; i < wanted.samples(); i++) {
        images++;
        same += wanted.prediction(i) == found.prediction(i) ? 1 : 0;
        for (int c = 0; c < outputs; c++) {
          double difference = wanted.value(i, c) - found.value(i, c);
          squares += difference * difference;
        }
      }
    }
    return new OutputError(squares / images / outputs, 100.0 * same / images);
  }
}
