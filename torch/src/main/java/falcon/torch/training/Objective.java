package falcon.torch.training;

import falcon.model.ExamplesFirst;
import falcon.model.Network;
import falcon.model.Node;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.BinaryOutput;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.gradient.LossGradients;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// What a training makes small: the distance of the outputs to those of a teacher, the
/// cross-entropy with the labels, or both.
///
/// ```
/// classes: d · T² KL(softmax(z̄ / T) ‖ softmax(z / T))  +  f · F  +  l · cross-entropy(z, label)
/// others:  d · ‖z − z̄‖² / var z̄  +  f · F
/// F        mean over features v of mean over channels c of ‖v_c − v̄_c‖² / var v̄_c
/// ```
///
/// with z the outputs of the network, the bar for the teacher, T the temperature, and variances
/// over samples; features are those of a [Refinement]. Probabilities are made logits first. The
/// teacher is executed on the same samples, crops and flips included, in eval mode. Closed by its
/// owner.
public final class Objective implements LossGradients.Loss, AutoCloseable {
  /// What the main output of a network means.
  public enum Outputs {
    /// A logit for each class.
    LOGITS,
    /// A probability for each class.
    PROBABILITIES,
    /// One logit, that of the second of two classes.
    LOGIT,
    /// One probability, that of the second of two classes.
    PROBABILITY,
    /// Numbers that are no classes.
    NUMBERS
  }

  /// The parts of the loss.
  ///
  /// @param distilled weight of the distance of the outputs to the teacher's, 0 or more
  /// @param features weight of the distance of the features to the teacher's, 0 or more
  /// @param labelled weight of the cross-entropy with the labels, 0 or more; 0 where outputs are no
  ///     classes
  /// @param temperature divides the logits of both networks where they are compared, above 0
  public record Parts(double distilled, double features, double labelled, double temperature) {
    boolean needTeacher() {
      return distilled > 0 || features > 0;
    }
  }

  /// Libtorch's code for reduction by sum.
  private static final long SUM = 2;

  /// Least probability whose logarithm is taken.
  private static final double LEAST_PROBABILITY = 1e-7;

  /// Number of samples that determine the variances of the teacher's outputs and features.
  private static final int SCALE_SAMPLES = 64;

  /// Operators that change no number.
  private static final Set<String> UNCHANGING =
      Set.of("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout");

  private final Outputs outputs;
  private final Parts parts;
  private final @Nullable Teacher teacher;

  private Objective(Outputs outputs, Parts parts, @Nullable Teacher teacher) {
    this.outputs = outputs;
    this.parts = parts;
    this.teacher = teacher;
  }

  /// The network whose outputs and features are wanted.
  ///
  /// @param features names of the features
  private record Teacher(LoadedNetwork network, DenseDistance distance, List<String> features) {
    /// @param tensorNames weight tensors whose inputs may serve as features; empty for none
    static Teacher of(
        Network network,
        List<String> tensorNames,
        DenseDistance.Weights weights,
        SampleSource samples) {
      SequencedMap<String, Integer> features =
          tensorNames.isEmpty()
              ? new LinkedHashMap<>()
              : Features.of(new GraphProgram(ExamplesFirst.of(network)), tensorNames);
      var loaded = new LoadedNetwork(network, Precision.FLOAT32);
      try {
        var distance = DenseDistance.measured(loaded, features, samples, SCALE_SAMPLES, weights);
        return new Teacher(loaded, distance, List.copyOf(features.keySet()));
      } catch (RuntimeException | Error e) {
        loaded.close();
        throw e;
      }
    }

    void close() {
      distance.close();
      network.close();
    }
  }

  /// Returns the cross-entropy of a classifier's logits with the labels.
  public static Objective crossEntropy() {
    return labels(Outputs.LOGITS);
  }

  /// Returns the cross-entropy with the labels.
  ///
  /// @param outputs not [Outputs#NUMBERS]
  public static Objective labels(Outputs outputs) {
    return new Objective(outputs, new Parts(0, 0, 1, 1), null);
  }

  /// Returns a loss with a teacher.
  ///
  /// @param teacher takes the same samples as the network that is trained
  /// @param tensorNames weight tensors of which the inputs may serve as features; not read if these
  ///     have no weight
  /// @param samples samples of which the first ones determine the scales of numbers and features
  public static Objective towards(
      Network teacher,
      Outputs outputs,
      Parts parts,
      List<String> tensorNames,
      SampleSource samples) {
    return new Objective(
        outputs,
        parts,
        Teacher.of(
            teacher,
            parts.features() > 0 ? tensorNames : List.of(),
            new DenseDistance.Weights(parts.distilled(), parts.features()),
            samples));
  }

  /// Returns what the output of a classifier means, as far as its operators tell.
  ///
  /// @param isBinary whether it has one output, for two classes
  public static Outputs ofClassifier(Network network, boolean isBinary) {
    if (isBinary) {
      return BinaryOutput.of(network) == BinaryOutput.PROBABILITY
          ? Outputs.PROBABILITY
          : Outputs.LOGIT;
    }
    var program = new GraphProgram(network);
    int producer = program.producerOf(program.output());
    while (producer >= 0) {
      Node node = program.nodes().get(producer);
      if (node.is("Softmax")) {
        return Outputs.PROBABILITIES;
      }
      if (!node.domain().isEmpty() || !UNCHANGING.contains(node.opType())) {
        return Outputs.LOGITS;
      }
      producer = program.producerOf(node.inputs().getFirst());
    }
    return Outputs.LOGITS;
  }

  /// Returns the number of networks that are executed for each sample.
  int networks() {
    return teacher == null ? 1 : 2;
  }

  /// Returns the values that the loss reads of an execution besides its output.
  List<String> watched() {
    return teacher == null ? List.of() : teacher.features();
  }

  @Override
  public Tensor of(GraphExecution execution, SampleBatch batch, int chunk) {
    Tensor output = execution.runToEnd();
    Tensor loss = null;
    if (teacher != null && parts.needTeacher()) {
      try (var reference = teacher.network().start(batch)) {
        teacher.distance().watch(reference);
        Tensor wanted = reference.runToEnd();
        loss =
            outputs == Outputs.NUMBERS
                ? teacher.distance().of(execution, output, reference, wanted)
                : teacher
                    .distance()
                    .withFeatures(
                        divergence(output, wanted).mul(new Scalar(parts.distilled())),
                        execution,
                        reference);
      }
    }
    if (parts.labelled() > 0) {
      Tensor entropy = crossEntropy(logits(output), batch);
      Tensor part = parts.labelled() == 1 ? entropy : entropy.mul(new Scalar(parts.labelled()));
      loss = loss == null ? part : loss.add(part);
    }
    if (loss == null) {
      throw new IllegalStateException("the loss has no parts: " + parts);
    }
    return loss;
  }

  private Tensor divergence(Tensor output, Tensor wanted) {
    double t = parts.temperature();
    var cooled = new Scalar(1 / t);
    Tensor found = torch.log_softmax(logits(output).mul(cooled), 1);
    Tensor target = torch.log_softmax(logits(wanted).mul(cooled), 1);
    return torch.kl_div(found, target, SUM, true).mul(new Scalar(t * t));
  }

  private static Tensor crossEntropy(Tensor logits, SampleBatch batch) {
    var labels = new long[batch.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = batch.labels()[i];
    }
    Tensor target = Torch.tensor(labels, List.of((long) labels.length));
    try {
      return torch.cross_entropy_loss(logits, target, new TensorOptional(), SUM, -100, 0.0);
    } finally {
      target.releaseReference();
    }
  }

  /// Returns the logits of the classes.
  ///
  /// @return `[samples, classes]`, up to a constant for each sample
  private Tensor logits(Tensor output) {
    Tensor rows = output.dim() == 2 ? output : output.reshape(output.size(0), -1);
    return switch (outputs) {
      case LOGITS, NUMBERS -> rows;
      case PROBABILITIES -> log(rows);
      case LOGIT -> torch.cat(both(torch.zeros_like(rows), rows), 1);
      case PROBABILITY -> torch.cat(both(log(rows.neg().add(new Scalar(1))), log(rows)), 1);
    };
  }

  private static Tensor log(Tensor probabilities) {
    return probabilities.clamp_min(new Scalar(LEAST_PROBABILITY)).log();
  }

  private static TensorVector both(Tensor first, Tensor second) {
    var both = new TensorVector(2);
    both.put(0, first);
    both.put(1, second);
    return both;
  }

  /// Returns the mean loss of a network on some samples, in eval mode.
  ///
  /// @param chunk greatest number of samples of a task
  /// @return not finite if the loss of a sample is not
  public double mean(Network network, SampleSource samples, int chunk, Workers workers) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      SampleChunks chunks = loaded.chunks(samples.size(), chunk);
      List<Double> sums =
          workers.map(
              chunks.count(),
              c -> {
                SampleBatch batch = chunks.batch(samples, c);
                try (var _ = new PointerScope();
                    var execution = loaded.start(batch)) {
                  watched().forEach(execution::watch);
                  return of(execution, batch, c).item_double() * chunks.length(c) / batch.size();
                }
              });
      return sums.stream().mapToDouble(Double::doubleValue).sum() / samples.size();
    }
  }

  @Override
  public void close() {
    if (teacher != null) {
      teacher.close();
    }
  }
}
