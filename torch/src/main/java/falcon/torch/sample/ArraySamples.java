package falcon.torch.sample;

import falcon.data.NamedArrays;
import falcon.data.NumberArray;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.torch.UnsupportedNetworkException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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
    for (int i = 0; i < arrays.size(); i++) {
      ValueInfo input = network.inputs().get(i);
      if (!fits(arrays.get(i).sampleShape(), input.dimensions())) {
        throw unmatched(
            "samples of array '%s' are not of input '%s'".formatted(arrays.get(i).name(), input),
            network.inputs(),
            samples.arrays().values());
      }
    }
    return new ArraySamples(samples, network.inputs(), arrays, indexes);
  }

  private static boolean fits(List<Long> sampleShape, @Nullable List<Dimension> dimensions) {
    boolean fits = dimensions == null || dimensions.size() == sampleShape.size() + 1;
    for (int i = 0; dimensions != null && fits && i < sampleShape.size(); i++) {
      fits =
          !(dimensions.get(i + 1) instanceof Dimension.Fixed(long size))
              || size == sampleShape.get(i);
    }
    return fits;
  }

  /// Returns all samples for the inputs of a network.
  public static ArraySamples of(NamedArrays samples, Network network) {
    var all = new int[samples.count()];
    Arrays.setAll(all, i -> i);
    return of(samples, network, all);
  }

  /// Returns the arrays in the order of the network's inputs, which are matched by name. A single
  /// array belongs to a single input, whatever their names. Arrays for inputs that are fixed for
  /// all samples are left out.
  ///
  /// @throws UnsupportedNetworkException if an array is missing or superfluous; names all with
  ///     their shapes
  public static List<NumberArray> matched(NamedArrays samples, Network network) {
    Collection<NumberArray> given =
        samples.arrays().values().stream()
            .filter(array -> !isFixed(network, array.name()))
            .toList();
    List<ValueInfo> inputs = network.inputs();
    if (inputs.size() == 1 && given.size() == 1) {
      return List.copyOf(given);
    }
    var arrays = new ArrayList<NumberArray>();
    for (ValueInfo input : inputs) {
      NumberArray array = samples.arrays().get(input.name());
      if (array == null) {
        throw unmatched("there is no array for input '%s'".formatted(input), inputs, given);
      }
      arrays.add(array);
    }
    for (NumberArray array : given) {
      if (!arrays.contains(array)) {
        throw unmatched("array '%s' is for no input".formatted(array.name()), inputs, given);
      }
    }
    return List.copyOf(arrays);
  }

  /// Whether an array is for an input that is fixed for all samples, and so goes unused.
  private static boolean isFixed(Network network, String name) {
    return network.initializers().containsKey(name) || network.producer(name) != null;
  }

  private static UnsupportedNetworkException unmatched(
      String what, List<ValueInfo> inputs, Collection<NumberArray> given) {
    return new UnsupportedNetworkException(
        "The data do not fit the network: %s.%nThe network takes %s; the data hold %s. Name each array like the input that it is for."
            .formatted(
                what,
                inputs,
                given.stream()
                    .map(array ->
                        "%s %s%s".formatted(array.name(), array.type(), array.sampleShape()))
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

  private static long least(DataType type) {
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

  private static long greatest(DataType type) {
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
