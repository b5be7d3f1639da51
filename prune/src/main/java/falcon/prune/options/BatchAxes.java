package falcon.prune.options;

import falcon.model.Dimension;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Axes of a network's inputs that count examples, as people write them: `1` for all inputs,
/// `x=1,rate=none` by name, `1,rate=none` for all inputs but one.
///
/// They are needed only where neither shapes nor a few samples tell, or where they tell wrong.
///
/// ```java
/// Network network =
///     BatchAxes.parse("0")
///         .appliedTo(Networks.read(Path.of("demo/resnet20_fmnist.safetensors")));
/// System.out.println(network.inputs());
/// ```
public final class BatchAxes {
  private static final String NONE = "none";

  private final String text;
  private final @Nullable Integer others;
  private final SequencedMap<String, Integer> byInput;

  private BatchAxes(String text, @Nullable Integer others, SequencedMap<String, Integer> byInput) {
    this.text = text;
    this.others = others;
    this.byInput = byInput;
  }

  /// Reads axes as they are written above: numbers from 0 to 31, or `none`.
  ///
  /// @throws IllegalArgumentException if the text is none of them; the message has the text and
  ///     examples
  public static BatchAxes parse(String text) {
    Integer others = null;
    var byInput = new LinkedHashMap<String, Integer>();
    for (String word : text.split(",", -1)) {
      int equals = word.lastIndexOf('=');
      int axis = axis(text, word.substring(equals + 1).strip());
      if (equals < 0 && others == null) {
        others = axis;
      } else if (equals <= 0 || byInput.put(word.substring(0, equals).strip(), axis) != null) {
        throw unreadable(text);
      }
    }
    return new BatchAxes(text, others, byInput);
  }

  private static int axis(String text, String word) {
    if (word.equals(NONE)) {
      return ValueInfo.NO_AXIS;
    }
    if (!word.matches("[12]?[0-9]|3[01]")) {
      throw unreadable(text);
    }
    return Integer.parseInt(word);
  }

  private static IllegalArgumentException unreadable(String text) {
    return new IllegalArgumentException(
        "'%s' names no axis; write 1, or by input x=1,rate=none (axes are counted from 0)"
            .formatted(text));
  }

  /// Returns the network with these axes.
  ///
  /// @throws PruningException of kind [PruningException.Kind#USAGE] if it has no such inputs, one
  ///     has fewer axes, or none has an axis of examples; names them
  public Network appliedTo(Network network) {
    List<String> names = network.inputs().stream().map(ValueInfo::name).toList();
    for (String name : byInput.keySet()) {
      if (!names.contains(name)) {
        throw refused(network, "there is no input '%s'".formatted(name));
      }
    }
    var inputs = new ArrayList<ValueInfo>();
    for (ValueInfo input : network.inputs()) {
      Integer axis = byInput.getOrDefault(input.name(), others);
      List<Dimension> dimensions = input.dimensions();
      if (axis != null && dimensions != null && axis >= dimensions.size()) {
        throw refused(
            network, "input '%s' has %d axes, counted from 0".formatted(input, dimensions.size()));
      }
      inputs.add(axis == null ? input : input.withExampleAxis(axis));
    }
    if (inputs.stream().allMatch(input -> input.axisOfExamples() == ValueInfo.NO_AXIS)) {
      throw refused(network, "no input would hold samples");
    }
    return network.withInterface(inputs, network.outputs());
  }

  private PruningException refused(Network network, String why) {
    return new PruningException(
        PruningException.Kind.USAGE,
        "%s %s: %s.%nThe network takes %s."
            .formatted(ModelOption.BATCH_AXIS, text, why, network.inputs()));
  }

  @Override
  public String toString() {
    return text;
  }
}
