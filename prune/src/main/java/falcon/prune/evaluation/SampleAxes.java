package falcon.prune.evaluation;

import falcon.data.NamedArrays;
import falcon.data.NumberArray;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.shape.ExampleAxes;
import falcon.torch.sample.ArraySamples;
import falcon.torch.sample.SharedValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Predicate;

/// Matches the axes of arrays with those of a network's inputs: which axis of an input counts the
/// samples, and which inputs have one value for all of them.
///
/// Samples lie along the first axis of an array. Its other axes are those of the input without the
/// axis that counts samples, or all axes of an input that has none; then all samples must hold the
/// same value. An array without an axis of samples is one value for all of them.
final class SampleAxes {
  /// Greatest number of elements of a value for all samples.
  private static final long MOST_SHARED = 1L << 26;

  private SampleAxes() {}

  /// Returns the network for samples of the arrays: axes that count samples are found, all others
  /// have the arrays' sizes, and values for all samples are given.
  ///
  /// @param keepsApart whether a network computes each sample by itself; asked where shapes leave
  ///     several axes
  /// @throws IllegalArgumentException if an array fits no axis of its input, or no axis of the
  ///     output follows the number of samples; says what was tried
  static Network found(Network network, NamedArrays arrays, Predicate<Network> keepsApart) {
    List<NumberArray> matched = ArraySamples.matched(arrays, network);
    var choices = new LinkedHashMap<String, List<ExampleAxes.Choice>>();
    for (int i = 0; i < matched.size(); i++) {
      ValueInfo input = network.fedInputs().get(i);
      choices.put(input.name(), choices(input, matched.get(i), arrays));
    }
    for (ValueInfo input : network.inputs()) {
      Tensor given = network.given().get(input.name());
      if (given != null && input.dimensions() != null) {
        List<ExampleAxes.Choice> fitting = choices(input, given);
        if (fitting.isEmpty()) {
          throw new IllegalArgumentException(
              "input '%s' was given a value of shape %s".formatted(input, given.shape()));
        }
        choices.put(input.name(), fitting);
      }
    }
    return ExampleAxes.found(network, choices, keepsApart);
  }

  private static List<ExampleAxes.Choice> choices(
      ValueInfo input, NumberArray array, NamedArrays arrays) {
    var choices = new ArrayList<ExampleAxes.Choice>();
    String refusal = null;
    if (arrays.isPerSample(array)) {
      List<Long> shape = array.sampleShape();
      for (int axis : axes(input, shape.size() + 1)) {
        if (input.withExampleAxis(axis).takesExample(shape)) {
          choices.add(new ExampleAxes.Choice(axis, shape, null));
        }
      }
      if (mayBeShared(input) && input.withExampleAxis(ValueInfo.NO_AXIS).takesExample(shape)) {
        Tensor common = SharedValue.common(array, input);
        if (common != null) {
          choices.add(new ExampleAxes.Choice(ValueInfo.NO_AXIS, shape, common));
        } else {
          refusal = differing(input, array);
        }
      }
    }
    if (choices.isEmpty()) {
      choices.addAll(shared(input, array));
    }
    if (choices.isEmpty()) {
      throw new IllegalArgumentException(refusal != null ? refusal : unfit(input, array, arrays));
    }
    return choices;
  }

  private static String unfit(ValueInfo input, NumberArray array, NamedArrays arrays) {
    return arrays.isPerSample(array)
        ? "input '%s' does not take examples of shape %s".formatted(input, array.sampleShape())
        : "array '%s' of shape %s has %d samples, others have %d, and it is no value for all of them: input '%s'"
            .formatted(array.name(), array.shape(), array.count(), arrays.count(), input);
  }

  private static String differing(ValueInfo input, NumberArray array) {
    return "input '%s' takes one value for all samples, but in array '%s' sample %d differs from sample 0; save the one value, or say which axis counts samples (%s)"
        .formatted(
            input, array.name(), SharedValue.otherThanFirst(array, input), ModelOption.BATCH_AXIS);
  }

  /// An array as one value for all samples.
  private static List<ExampleAxes.Choice> shared(ValueInfo input, NumberArray array) {
    boolean isSmall = (long) array.count() * array.sampleSize() <= MOST_SHARED;
    return isSmall && !places(input, array.shape()).isEmpty()
        ? choices(input, SharedValue.whole(array, input, array.shape()))
        : List.of();
  }

  /// A value that is given for all samples.
  private static List<ExampleAxes.Choice> choices(ValueInfo input, Tensor value) {
    return places(input, value.shape()).stream()
        .map(place -> new ExampleAxes.Choice(place.axis(), place.shape(), value))
        .toList();
  }

  /// An axis that counts samples, and the sizes of the others.
  private record Place(int axis, List<Long> shape) {}

  /// What a value for all samples may be: the whole input, one sample of it, or one sample with an
  /// axis of size 1 that counts samples.
  private static List<Place> places(ValueInfo input, List<Long> shape) {
    var places = new ArrayList<Place>();
    if (mayBeShared(input) && input.withExampleAxis(ValueInfo.NO_AXIS).takesExample(shape)) {
      places.add(new Place(ValueInfo.NO_AXIS, shape));
    }
    for (int axis : axes(input, shape.size() + 1)) {
      if (input.withExampleAxis(axis).takesExample(shape)) {
        places.add(new Place(axis, shape));
      }
    }
    for (int axis : axes(input, shape.size())) {
      if (axis < shape.size() && shape.get(axis) == 1) {
        var one = new ArrayList<>(shape);
        one.remove(axis);
        if (input.withExampleAxis(axis).takesExample(one)) {
          places.add(new Place(axis, one));
        }
      }
    }
    return places;
  }

  private static boolean mayBeShared(ValueInfo input) {
    return input.exampleAxis() == null || input.exampleAxis() == ValueInfo.NO_AXIS;
  }

  /// Axes of an input of so many axes that may count samples, most likely ones first.
  private static List<Integer> axes(ValueInfo input, int rank) {
    Integer explicit = input.exampleAxis();
    List<Integer> axes = explicit == null ? ExampleAxes.axes(input) : List.of(explicit);
    return axes.stream().filter(axis -> axis >= 0 && axis < rank).toList();
  }
}
