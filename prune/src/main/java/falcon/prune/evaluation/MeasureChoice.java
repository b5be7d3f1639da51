package falcon.prune.evaluation;

import falcon.data.Dataset;
import falcon.data.Split;
import falcon.model.Dimension;
import falcon.model.ExamplesFirst;
import falcon.model.MainOutput;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.UnusableNodeException;
import falcon.model.ValueInfo;
import falcon.model.shape.ShapeInference;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The choice of the [Measure] for a [Loss], a network and data.
final class MeasureChoice {
  private MeasureChoice() {}

  /// @param network for examples of the data's shapes
  /// @param split whose samples networks are judged on; it need not have labels because another one
  ///     has
  /// @throws PruningException if labels are asked for that there are not, or the network has fewer
  ///     classes than the data, or no main output
  static Measure of(Network network, Dataset data, Split split, Loss loss) {
    Integer classes = classes(network);
    boolean isClassifier = classes != null && classes > 1;
    boolean isLabelled = data.isLabelled(split);
    boolean isBinary =
        classes != null && classes == 1 && isLabelled && dataClasses(data, split) <= 2;
    boolean canBeLabelled = isLabelled && (isClassifier || isBinary);
    boolean choosesOne = isClassifier && !isList(network);
    if (loss == Loss.LABELS && !canBeLabelled) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          isLabelled
              ? "%1$s labels is for classifiers; output '%2$s' is neither [examples, classes] nor one number for labels 0 and 1. Say %1$s self, or choose another output (%3$s)."
                  .formatted(Option.LOSS, MainOutput.of(network), ModelOption.OUTPUT)
              : "%1$s labels needs classes, %2$s has none. Say %1$s self, or add an array 'labels'."
                  .formatted(Option.LOSS, data.directory()));
    }
    Measure measure =
        switch (loss) {
          case LABELS -> Measure.ACCURACY;
          case AUTO -> canBeLabelled ? Measure.ACCURACY : withoutLabels(choosesOne);
          case SELF -> withoutLabels(choosesOne);
          case OUTPUTS -> Measure.FIDELITY;
        };
    if (measure == Measure.ACCURACY
        && classes != null
        && !isBinary
        && classes < dataClasses(data, split)) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "The network tells %d classes apart, the data in %s has %d. Use the data that the network was trained on."
              .formatted(classes, data.directory(), dataClasses(data, split)));
    }
    return measure;
  }

  private static int dataClasses(Dataset data, Split split) {
    return split == Split.TEST && !data.layout().isImages()
        ? Math.max(data.classes(), data.test().classes())
        : data.classes();
  }

  static Measure withoutLabels(boolean isClassifier) {
    return isClassifier ? Measure.AGREEMENT : Measure.FIDELITY;
  }

  /// Returns whether the main output is `[examples, numbers, 1]`: one number each of many places
  /// (anchors of a detector, time steps), unless labels say that they are classes.
  private static boolean isList(Network network) {
    Network arranged = ExamplesFirst.of(network);
    List<Long> shape = shape(arranged, MainOutput.of(arranged));
    return shape != null && shape.size() == 3;
  }

  /// Returns how many numbers the main output has for an example: `[examples, classes]`, further
  /// axes of size 1, or `[examples]`.
  ///
  /// @return 1 for one number, which may be the probability or the logit of the second of two
  ///     classes; null if the main output is not one of a classifier
  static @Nullable Integer classes(Network network) {
    requireOutput(network);
    Network arranged = ExamplesFirst.of(network);
    List<Long> shape = shape(arranged, MainOutput.of(arranged));
    if (shape != null && shape.size() == 1) {
      return 1;
    }
    boolean isVector =
        shape != null
            && shape.size() >= 2
            && shape.subList(2, shape.size()).stream().allMatch(size -> size == 1);
    return shape != null && isVector ? Math.toIntExact(shape.get(1)) : null;
  }

  private static void requireOutput(Network network) {
    try {
      MainOutput.of(network);
    } catch (IllegalArgumentException e) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s. Choose one with %s.".formatted(e.getMessage(), ModelOption.OUTPUT),
          e);
    }
  }

  /// Returns the inferred shape, or else the one in the file; null if neither is known.
  private static @Nullable List<Long> shape(Network network, ValueInfo output) {
    try {
      return ShapeInference.infer(network, ShapeInference.inputShapes(network, 1))
          .of(output.name());
    } catch (UnusableNodeException | IllegalArgumentException e) {
      List<Dimension> dimensions = output.dimensions();
      if (dimensions == null) {
        return null;
      }
      return dimensions.stream()
          .map(dimension -> dimension instanceof Dimension.Fixed(long size) ? size : 1L)
          .toList();
    }
  }
}
