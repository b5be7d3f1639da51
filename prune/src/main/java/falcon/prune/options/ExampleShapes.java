package falcon.prune.options;

import falcon.model.Dimension;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.ValueInfo;
import falcon.model.shape.ExampleAxes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The shapes of one example, in the usual notation: `3,224,224` for the only input of a network,
/// or `input_ids=64,attention_mask=64` by name. An axis of examples may come first (`1`, `?`, or
/// the number that the network fixes); it is ignored where the number of axes identifies it.
public final class ExampleShapes {
  /// The key of the shape that is given without a name.
  private static final String UNNAMED = "";

  private static final long OPEN = -1;

  private final String text;
  private final SequencedMap<String, List<Long>> byInput;

  private ExampleShapes(String text, SequencedMap<String, List<Long>> byInput) {
    this.text = text;
    this.byInput = byInput;
  }

  /// Parses shapes in the notation above; sizes are 1 to 999,999,999.
  ///
  /// @throws IllegalArgumentException if the text is not in this notation; the message has the text
  ///     and examples
  public static ExampleShapes parse(String text) {
    var byInput = new LinkedHashMap<String, List<Long>>();
    List<Long> sizes = null;
    for (String word : text.split(",", -1)) {
      int equals = word.lastIndexOf('=');
      if (equals >= 0 || sizes == null) {
        sizes = new ArrayList<>();
        String name = equals < 0 ? UNNAMED : word.substring(0, equals).strip();
        if (byInput.put(name, sizes) != null || (equals >= 0 && name.isEmpty())) {
          throw unreadable(text);
        }
      }
      sizes.add(size(text, word.substring(equals + 1).strip(), sizes.isEmpty()));
    }
    if (byInput.containsKey(UNNAMED) && byInput.size() > 1) {
      throw unreadable(text);
    }
    return new ExampleShapes(text, byInput);
  }

  private static long size(String text, String word, boolean isFirst) {
    if (isFirst && word.equals("?")) {
      return OPEN;
    }
    if (!word.matches("[1-9][0-9]{0,8}")) {
      throw unreadable(text);
    }
    return Long.parseLong(word);
  }

  private static IllegalArgumentException unreadable(String text) {
    return new IllegalArgumentException(
        "'%s' is no shape; write 3,224,224 or, by name of the input, input_ids=64,attention_mask=64"
            .formatted(text));
  }

  /// Returns the network for examples of these shapes: the open axes of its inputs get the sizes,
  /// everything else is unchanged.
  ///
  /// @throws PruningException if the network has no such inputs, or one does not accept these
  ///     examples
  public Network appliedTo(Network network) {
    var choices = new LinkedHashMap<String, List<ExampleAxes.Choice>>();
    byInput.forEach((name, sizes) -> {
      ValueInfo input = input(network, name);
      choices.put(input.name(), choices(input, sizes));
    });
    try {
      return ExampleAxes.found(network, choices, null);
    } catch (IllegalArgumentException e) {
      throw refused(network, e.getMessage());
    }
  }

  private ValueInfo input(Network network, String name) {
    if (name.equals(UNNAMED) && network.inputs().size() == 1) {
      return network.inputs().getFirst();
    }
    return network.inputs().stream()
        .filter(input -> input.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            refused(
                network,
                name.equals(UNNAMED)
                    ? "there are several inputs, name each"
                    : "there is no input '%s'".formatted(name)));
  }

  /// Returns the axes that may count examples, with the sizes of the others.
  private static List<ExampleAxes.Choice> choices(ValueInfo input, List<Long> sizes) {
    var choices = new ArrayList<ExampleAxes.Choice>();
    List<Integer> possible =
        input.exampleAxis() == null ? ExampleAxes.axes(input) : List.of(input.exampleAxis());
    for (int axis : possible) {
      List<Long> shape = ofExample(input, axis, sizes);
      if (input.withExampleAxis(axis).takesExample(shape)) {
        choices.add(new ExampleAxes.Choice(axis, shape, null));
      }
    }
    if (choices.isEmpty()) { // refused with the usual axis
      int axis = input.axisOfExamples();
      choices.add(new ExampleAxes.Choice(axis, ofExample(input, Math.max(0, axis), sizes), null));
    }
    return choices;
  }

  /// Returns the sizes without the axis of examples, if the shape has one.
  private static List<Long> ofExample(ValueInfo input, int axis, List<Long> sizes) {
    List<Dimension> dimensions = input.dimensions();
    if (axis == ValueInfo.NO_AXIS || axis >= sizes.size()) {
      return sizes;
    }
    long size = sizes.get(axis);
    boolean hasBatch =
        dimensions == null
            ? sizes.getFirst() == OPEN
            : dimensions.size() == sizes.size()
                && (size == OPEN
                    || size == 1
                    || dimensions.get(axis).equals(new Dimension.Fixed(size)));
    if (!hasBatch) {
      return sizes;
    }
    var others = new ArrayList<>(sizes);
    others.remove(axis);
    return others;
  }

  private PruningException refused(Network network, @Nullable String why) {
    return new PruningException(
        PruningException.Kind.USAGE,
        "%s %s: %s.%nThe network takes %s; give the shape of one example for each input with open axes."
            .formatted(
                ModelOption.INPUT_SHAPE,
                text,
                why,
                network.inputs().stream()
                    .map(ValueInfo::toString)
                    .collect(Collectors.joining(", "))));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ExampleShapes that && byInput.equals(that.byInput);
  }

  @Override
  public int hashCode() {
    return byInput.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
