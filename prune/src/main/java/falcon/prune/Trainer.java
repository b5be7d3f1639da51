package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.model.zoo.Architecture;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.resources.Kernels;
import falcon.torch.kernel.Workers;
import falcon.torch.training.Training;

/// Trains a built-in architecture from scratch.
///
/// @param architecture the architecture to train
/// @param epochs number of passes over the training split, 1 or more
/// @param steps options of the optimiser's steps
/// @param seed seed of weights, order, crops and flips
/// @param threads number of threads that work, 1 or more; does not change the result
public record Trainer(Architecture architecture, int epochs, Steps steps, long seed, int threads) {

  /// Checks the numbers.
  ///
  /// @throws PruningException if one is out of its range
  public Trainer {
    require(epochs >= 1, "epochs", epochs, "1 or more");
    require(threads >= 1, "threads", threads, "1 or more");
  }

  /// The options of the optimiser's steps.
  ///
  /// @param batchSize number of images of a step, 1 or more
  /// @param learningRate greatest learning rate, above 0
  /// @param weightDecay weight decay of convolutions and linear layers, 0 or more
  public record Steps(int batchSize, double learningRate, double weightDecay) {
    /// Checks the numbers.
    ///
    /// @throws PruningException if one is out of its range
    public Steps {
      require(batchSize >= 1, "batch size", batchSize, "1 or more");
      require(learningRate > 0, "learning rate", learningRate, "above 0");
      require(weightDecay >= 0, "weight decay", weightDecay, "0 or more");
    }
  }

  /// Returns options that suit small residual networks on small images, with seed 1 on all
  /// processors.
  public static Trainer defaults(Architecture architecture, int epochs) {
    Training.Options usual = Training.Options.defaults(epochs);
    return new Trainer(
        architecture,
        epochs,
        new Steps(usual.batchSize(), usual.rate().greatest(), usual.steps().weightDecay()),
        1,
        Runtime.getRuntime().availableProcessors());
  }

  /// Trains on the whole training split; the test split is not read.
  ///
  /// @param data images of one size with labels
  /// @param preprocessing the conversion of pixels to inputs; stored in the network's metadata
  /// @param progress receives the phase `training`, a step per image
  /// @return the network, with the preprocessing in its metadata
  /// @throws PruningException if the loss is no longer finite
  public Network train(Dataset data, Preprocessing preprocessing, Progress progress) {
    Training.Options usual = Training.Options.defaults(epochs);
    var options =
        new Training.Options(
            epochs,
            steps.batchSize(),
            new Training.Rate(steps.learningRate(), usual.rate().decay(), usual.rate().warmUp()),
            new Training.Steps(
                usual.steps().optimizer(), usual.steps().momentum(), steps.weightDecay()));
    var training = new NetworkTraining(architecture, data, preprocessing, options, seed);
    long images = data.train().count();
    try (var workers = new Workers(threads)) {
      Kernels.tell(workers, progress);
      progress.begin("training", images * epochs);
      Network trained =
          training.run(
              workers,
              (epoch, samplesDone, samplesInEpoch, loss) -> {
                progress.advance(epoch * images + samplesDone);
                if (samplesDone == samplesInEpoch) {
                  progress.note(
                      "epoch %d of %d: loss %.4f of the last batch"
                          .formatted(epoch + 1, epochs, loss));
                }
              });
      progress.end();
      return trained;
    } catch (ArithmeticException e) {
      throw new PruningException(
          PruningException.Kind.INPUT, "Training failed: %s.".formatted(e.getMessage()), e);
    }
  }

  private static void require(boolean holds, String name, Number value, String wanted) {
    if (!holds) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "The %s is %s; wanted is %s.".formatted(name, value, wanted));
    }
  }
}
