package falcon.torch.sample;

import falcon.data.NamedArrays;
import falcon.data.NumberArray;
import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.torch.UnsupportedNetworkException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/// Arrays of a data set for a network, matched by name: unchanged, or converted to the type of the
/// network's input where that loses nothing. An instance owns its array of indexes.
public final class ArraySamples implements SampleSource {
  private final NamedArrays samples;
  private final List<ValueInfo> inputs;
  private final List<NumberArray> arrays;
  private final int[] indexes;

  private ArraySamples(
      NamedArrays samples, List<ValueInfo> inputs, List<NumberArray> arrays, int[] indexes) {
    this.samples = samples;
    this.inputs = inputs;
    this.arrays = arrays;
    this.indexes = indexes;
  }

  /// Returns some samples for the inputs of a network.
  ///
  /// @param network the network that the arrays are inputs of
  /// @param indexes indexes of the samples, in the order of use; handed over
  /// @throws UnsupportedNetworkException if arrays and inputs do not match by the rules of
  ///     [#matched], or differ in shape
  public static ArraySamples of(NamedArrays samples, Network network, int[] indexes) {
    List<NumberArray> arrays = matched(samples, network);
    List<ValueInfo> inputs = network.fedInputs();
    for (int i = 0; i < arrays.size(); i++) {
      NumberArray array = arrays.get(i);
      ValueInfo input = inputs.get(i);
      if (!samples.isPerSample(array)) {
        throw unmatched(
            "array '%s' has %d samples, others have %d"
                .formatted(array.name(), array.count(), samples.count()),
            network.inputs(),
            samples);
      }
      if (!input.takesExample(array.sampleShape())) {
        throw unmatched(
            "samples of array '%s' are not of input '%s'".formatted(array.name(), input),
            network.inputs(),
            samples);
      }
    }
    for (ValueInfo input : network.inputs()) {
      Tensor given = network.given().get(input.name());
      NumberArray array = samples.arrays().get(input.name());
      if (given != null && array != null) {
        SharedValue.require(samples, array, input, given);
      }
    }
    return new ArraySamples(samples, inputs, arrays, indexes);
  }

  /// Returns all samples for the inputs of a network.
  public static ArraySamples of(NamedArrays samples, Network network) {
    var all = new int[samples.count()];
    Arrays.setAll(all, i -> i);
    return of(samples, network, all);
  }

  /// Returns the arrays in the order of the network's inputs that samples hold values of
  /// ([Network#fedInputs]), which are matched by name. A single array belongs to a single input,
  /// whatever their names.
  ///
  /// @throws UnsupportedNetworkException if an array is missing or superfluous; names all with
  ///     their shapes
  public static List<NumberArray> matched(NamedArrays samples, Network network) {
    Collection<NumberArray> given =
        samples.arrays().values().stream()
            .filter(array -> !isFixed(network, array.name()))
            .toList();
    List<ValueInfo> inputs = network.fedInputs();
    if (inputs.size() == 1 && given.size() == 1) {
      return List.copyOf(given);
    }
    var arrays = new ArrayList<NumberArray>();
    for (ValueInfo input : inputs) {
      NumberArray array = samples.arrays().get(input.name());
      if (array == null) {
        throw unmatched(
            "there is no array for input '%s'".formatted(input), network.inputs(), samples);
      }
      arrays.add(array);
    }
    for (NumberArray array : given) {
      if (!arrays.contains(array) && !network.given().containsKey(array.name())) {
        throw unmatched(
            "array '%s' is for no input".formatted(array.name()), network.inputs(), samples);
      }
    }
    return List.copyOf(arrays);
  }

  /// Returns whether an array is for an input that is fixed for all samples, and so goes unused.
  private static boolean isFixed(Network network, String name) {
    return network.initializers().containsKey(name) || network.producer(name) != null;
  }

  private static UnsupportedNetworkException unmatched(
      String what, List<ValueInfo> inputs, NamedArrays samples) {
    return new UnsupportedNetworkException(
        "The data do not fit the network: %s.%nThe network takes %s; the data hold %s. Name each array like the input that it is for."
            .formatted(
                what,
                inputs,
                samples.arrays().values().stream()
                    .map(array ->
                        "%s %s%s"
                            .formatted(
                                array.name(),
                                array.type(),
                                samples.isPerSample(array)
                                    ? array.sampleShape()
                                    : array.shape() + " for all"))
                    .collect(Collectors.joining(", ", "[", "] a sample"))));
  }

  @Override
  public int size() {
    return indexes.length;
  }

  @Override
  public SampleBatch batch(int from, int to) {
    var filled = new ArrayList<InputArray>();
    for (int i = 0; i < inputs.size(); i++) {
      filled.add(filled(inputs.get(i), arrays.get(i), from, to));
    }
    return new SampleBatch(
        filled,
        samples.isLabelled() ? labels(from, to) : null,
        Arrays.copyOfRange(indexes, from, to));
  }

  @Override
  public int[] labels(int from, int to) {
    var labels = new int[to - from];
    for (int i = from; i < to; i++) {
      labels[i - from] = samples.label(indexes[i]);
    }
    return labels;
  }

  private InputArray filled(ValueInfo input, NumberArray array, int from, int to) {
    int elements = Math.toIntExact(Tensor.elements(array.sampleShape()));
    int total = Math.multiplyExact(elements, to - from);
    DataType type = input.type() == null ? DataType.FLOAT32 : input.type();
    if (type.isFloatingPoint()) {
      var values = new float[total];
      for (int i = from; i < to; i++) {
        array.copyFloats(indexes[i], values, (i - from) * elements);
      }
      return InputArray.ofFloats(array.sampleShape(), values);
    }
    var values = new long[total];
    for (int i = from; i < to; i++) {
      array.copyLongs(indexes[i], least(type), greatest(type), values, (i - from) * elements);
    }
    return InputArray.ofLongs(type, array.sampleShape(), values);
  }

  static long least(DataType type) {
    return switch (type) {
      case INT64 -> Long.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT8 -> Byte.MIN_VALUE;
      case BOOL, UINT8, UINT16, UINT32, UINT64 -> 0;
      case FLOAT16, FLOAT32, FLOAT64, BFLOAT16 ->
          throw new IllegalArgumentException("%s is no type of whole numbers".formatted(type));
    };
  }

  static long greatest(DataType type) {
    return switch (type) {
      case INT64, UINT64 -> Long.MAX_VALUE;
      case UINT32 -> 0xffffffffL;
      case INT32 -> Integer.MAX_VALUE;
      case UINT16 -> 0xffff;
      case INT16 -> Short.MAX_VALUE;
      case UINT8 -> 0xff;
      case INT8 -> Byte.MAX_VALUE;
      case BOOL -> 1;
      case FLOAT16, FLOAT32, FLOAT64, BFLOAT16 ->
          throw new IllegalArgumentException("%s is no type of whole numbers".formatted(type));
    };
  }
}
