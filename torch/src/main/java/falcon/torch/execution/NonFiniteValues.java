package falcon.torch.execution;

import falcon.model.Node;
import falcon.model.Tensor;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.jspecify.annotations.Nullable;

/// Values that are not finite, NaN or infinite: nothing can be judged or fitted by them.
final class NonFiniteValues {
  private static final String MENDED_NETWORK =
      "The network is damaged or its training diverged; export it again.";

  private static final String MENDED_DATA = "Check the preprocessing of the data and the weights.";

  private final LoadedNetwork network;
  private final SampleBatch batch;

  private NonFiniteValues(LoadedNetwork network, SampleBatch batch) {
    this.network = network;
    this.batch = batch;
  }

  /// Refuses outputs of which one is not finite.
  ///
  /// @param outputs that the network gave for the batch
  /// @throws UnsupportedNetworkException names the input, the constant or the node that the first
  ///     such value comes from, and the sample
  static void refuse(float[] outputs, LoadedNetwork network, SampleBatch batch) {
    for (float output : outputs) {
      if (!Float.isFinite(output)) {
        throw new NonFiniteValues(network, batch).source();
      }
    }
  }

  /// What is known of a value.
  ///
  /// @param row number along the first axis of the first element that is not finite, −1 if all are
  /// @param kind what that element is
  /// @param isMask whether all elements that are not finite are −∞
  /// @param least least element
  /// @param greatest greatest element
  private record Extent(int row, String kind, boolean isMask, double least, double greatest) {
    static Extent of(Tensor constant) {
      float[] values = constant.toFloats();
      int first = firstNonFinite(values);
      boolean isMask = first >= 0;
      for (float value : values) {
        isMask &= Float.isFinite(value) || value == Float.NEGATIVE_INFINITY;
      }
      return new Extent(first, first < 0 ? "" : NonFiniteValues.kind(values[first]), isMask, 0, 0);
    }

    static Extent of(org.bytedeco.pytorch.Tensor value) {
      try (var _ = new PointerScope()) {
        org.bytedeco.pytorch.Tensor isNone = value.isfinite().logical_not();
        double least = value.min().item_double();
        double greatest = value.max().item_double();
        if (!isNone.any().item_bool()) {
          return new Extent(-1, "", false, least, greatest);
        }
        long each = value.dim() == 0 ? 1 : value.numel() / value.size(0);
        long[] elements = Torch.longs(isNone.reshape(-1).nonzero());
        float first = Torch.floats(value.reshape(-1).narrow(0, elements[0], 1))[0];
        long lowest = value.eq(new Scalar(Double.NEGATIVE_INFINITY)).sum().item_long();
        return new Extent(
            Math.toIntExact(elements[0] / each),
            NonFiniteValues.kind(first),
            lowest == elements.length,
            least,
            greatest);
      }
    }

    boolean isFinite() {
      return row < 0;
    }
  }

  /// Runs the batch once more, node by node, and follows the output back to where the first value
  /// that is not finite came from.
  private UnsupportedNetworkException source() {
    GraphProgram program = network.program();
    Map<String, Extent> extents = extents();
    var nodes = new TreeSet<Integer>();
    var seen = new TreeSet<String>();
    var open = new ArrayDeque<>(List.of(program.output()));
    while (!open.isEmpty()) {
      String value = open.removeFirst();
      Extent extent = extents.get(value);
      boolean isFollowed = extent != null && !extent.isFinite() && seen.add(value);
      int input = program.inputs().indexOf(value);
      if (isFollowed && input >= 0) {
        return ofInput(input, firstNonFinite(batch.inputs().get(input)));
      }
      int producer = isFollowed ? program.producerOf(value) : -1;
      if (producer >= 0) {
        nodes.add(producer);
        open.addAll(program.nodes().get(producer).inputs());
      }
    }
    if (nodes.isEmpty()) {
      return new UnsupportedNetworkException(
          "%sthe outputs of the network are not finite.%n%s".formatted(place(), MENDED_DATA));
    }
    var masks = new HashSet<String>();
    for (int index : nodes) {
      Node node = program.nodes().get(index);
      if (!isMask(node, extents, masks)) {
        return ofNode(node, extents);
      }
      masks.addAll(node.outputs());
    }
    return ofNode(program.nodes().get(nodes.first()), extents);
  }

  /// Whether a node only hands on the −∞ of a constant: that is how networks mask, and no fault.
  ///
  /// @param masks values that are masks themselves
  private boolean isMask(Node node, Map<String, Extent> extents, Set<String> masks) {
    boolean readsMask = false;
    for (String input : node.inputs()) {
      Extent extent = extents.get(input);
      Tensor constant = constant(input);
      boolean isMask = constant == null ? masks.contains(input) : Extent.of(constant).isMask();
      boolean isFinite =
          constant == null ? extent == null || extent.isFinite() : Extent.of(constant).isFinite();
      if (!isMask && !isFinite) {
        return false;
      }
      readsMask |= isMask;
    }
    return readsMask
        && node.outputs().stream()
            .map(extents::get)
            .allMatch(made -> made == null || made.isFinite() || made.isMask());
  }

  /// @return null if it is none of floating-point numbers
  private @Nullable Tensor constant(String name) {
    Tensor tensor = network.program().network().initializers().get(name);
    return tensor != null && tensor.type().isFloatingPoint() ? tensor : null;
  }

  private UnsupportedNetworkException ofNode(Node node, Map<String, Extent> extents) {
    for (String input : node.inputs()) {
      Tensor constant = constant(input);
      if (constant != null && !Extent.of(constant).isFinite()) {
        return new UnsupportedNetworkException(
            "%s%s reads the constant '%s', which holds values that are not finite.%n%s"
                .formatted(place(), node.label(), input, MENDED_NETWORK));
      }
    }
    for (String output : node.outputs()) {
      Extent made = extents.get(output);
      if (made != null && !made.isFinite()) {
        return new UnsupportedNetworkException(
            "%s%s makes %s%s%s.%n%s"
                .formatted(
                    place(),
                    node.label(),
                    made.kind(),
                    sample(made.row()),
                    ranges(node, extents),
                    MENDED_DATA));
      }
    }
    throw new IllegalStateException("all outputs are finite of " + node.label());
  }

  /// Of what numbers a node made its outputs: `; its input 'h' goes from -3.2 to 5.1`.
  private static String ranges(Node node, Map<String, Extent> extents) {
    var text = new StringBuilder();
    for (String input : node.inputs()) {
      Extent extent = extents.get(input);
      if (extent != null && extent.isFinite()) {
        text.append(
            "; its input '%s' goes from %.3g to %.3g"
                .formatted(input, extent.least(), extent.greatest()));
      }
    }
    return text.toString();
  }

  /// Extents of inputs and of all values that nodes make, as far as these are floating-point.
  private Map<String, Extent> extents() {
    GraphProgram program = network.program();
    var extents = new LinkedHashMap<String, Extent>();
    try (var _ = new PointerScope();
        var execution = network.start(batch)) {
      for (String input : program.inputs()) {
        put(extents, input, execution.value(input));
      }
      for (int i = 0; i < program.nodes().size(); i++) {
        List<String> made =
            program.nodes().get(i).outputs().stream()
                .filter(output -> program.uses(output) > 0)
                .toList();
        made.forEach(execution::watch);
        execution.runTo(i + 1);
        for (String output : made) {
          put(extents, output, execution.value(output));
          execution.unwatch(output);
        }
      }
    }
    return extents;
  }

  private static void put(
      Map<String, Extent> extents, String name, org.bytedeco.pytorch.Tensor value) {
    if (!value.is_floating_point() || value.numel() == 0) {
      return;
    }
    extents.put(name, Extent.of(value));
  }

  private UnsupportedNetworkException ofInput(int input, int element) {
    InputArray array = batch.inputs().get(input);
    int each = Math.toIntExact(Tensor.elements(array.sampleShape()));
    return new UnsupportedNetworkException(
        "%sinput '%s' holds %s%s at element %d of shape %s.%nLeave that sample out, or put numbers in the place of what is missing."
            .formatted(
                place(),
                network.program().inputs().get(input),
                kind(array.floats()[element]),
                sample(element / each),
                element % each,
                array.sampleShape()));
  }

  /// @return its number, −1 if all are finite
  private static int firstNonFinite(InputArray array) {
    return array.type().isFloatingPoint() ? firstNonFinite(array.floats()) : -1;
  }

  private static int firstNonFinite(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        return i;
      }
    }
    return -1;
  }

  private static String kind(float value) {
    return Float.isNaN(value) ? "NaN" : value > 0 ? "+infinity" : "-infinity";
  }

  private String place() {
    return network.program().network().place();
  }

  private String sample(int row) {
    int @Nullable [] numbers = batch.numbers();
    return numbers == null || row >= numbers.length
        ? ""
        : " for sample %d (counted from 0)".formatted(numbers[row]);
  }
}
