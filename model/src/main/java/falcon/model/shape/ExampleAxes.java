package falcon.model.shape;

import falcon.model.Dimension;
import falcon.model.MainOutput;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Finds which axis of each input counts examples, and how many examples the graph takes.
///
/// The first axis does by convention, but networks of sequences often have time there
/// (`[time, examples, features]`), and states have layers. An axis counts examples if an axis of
/// the main output follows it: shapes are inferred for two and for three examples. Where
/// several axes pass, somebody who can run the network decides.
///
/// Where the first axis is open but nodes fix it (a `Reshape` to `[1, 1024]`), the number that fits
/// them is found and fixed.
public final class ExampleAxes {
  /// Greatest number of combinations of axes of several inputs that are tried.
  private static final int MOST_COMBINATIONS = 64;

  /// Greatest number of examples that a graph may fix without saying so in a constant.
  private static final int MOST_TRIED = 16;

  /// Greatest number of examples that a graph may fix.
  private static final long MOST_FIXED = 4096;

  /// A number of examples beyond what graphs cut off (`Slice`).
  private static final long MANY = 1_000;

  /// Longer lists of whole numbers are data, no shapes.
  private static final int LONGEST_SHAPE = 16;

  /// What an input may be.
  ///
  /// @param axis number of the axis that counts examples, [ValueInfo#NO_AXIS] for none
  /// @param shape sizes of all other axes; null where they are not known
  /// @param value value in all examples, as [Network#withGiven] takes it; null where samples hold
  ///     the input's values
  public record Choice(int axis, @Nullable List<Long> shape, @Nullable Tensor value) {
    public Choice {
      shape = shape == null ? null : List.copyOf(shape);
    }
  }

  private enum Kind {
    /// The output follows any number of examples.
    FOLLOWS,
    /// The output fits the number that the file fixes.
    FIXED,
    /// Nodes contradict other numbers of examples.
    CONTRADICTS,
    /// The output has the same shape for all numbers of examples, or changes in another way.
    IGNORES,
    /// Shapes are not known.
    UNKNOWN
  }

  /// @param network with the axes of one combination
  /// @param isFirst whether all inputs have their first choice
  /// @param kind what the output does
  /// @param outputAxis axis of the output that follows, −1 for none
  /// @param outputs shapes of the output for two and three examples, as far as they are known; the
  ///     one for the number that the file fixes where other axes decide about it
  private record Trial(
      Network network, boolean isFirst, Kind kind, int outputAxis, List<List<Long>> outputs) {
    /// Returns whether inputs and output are as they would be if nobody looked.
    boolean isUsual() {
      return outputAxis <= 0
          && network.inputs().stream().allMatch(input -> input.exampleAxis() == null);
    }

    /// Returns whether the file leaves the number of examples open.
    boolean isOpen() {
      return fixedSize(network) == null;
    }
  }

  private ExampleAxes() {}

  /// Finds the axes from the graph alone.
  ///
  /// @return the network with the axes and the number of examples that it takes; the network itself
  ///     if the first axes count examples, or nothing better is known
  public static Network found(Network network) {
    var choices = new LinkedHashMap<String, List<Choice>>();
    for (ValueInfo input : network.inputs()) {
      if (!network.given().containsKey(input.name())) {
        choices.put(input.name(), choicesOf(input));
      }
    }
    List<Trial> trials = trials(network, choices, true);
    Trial first = trials.getFirst();
    boolean hasFixed =
        network.inputs().stream()
            .anyMatch(input -> input.examples() instanceof Dimension.Fixed(long size) && size > 1);
    if (first.kind() == Kind.UNKNOWN && !hasFixed) {
      return network;
    }
    Trial best = best(trials, null);
    if (best == null || (best.isFirst() && best.isUsual() && best.kind() == first.kind())) {
      return network;
    }
    return withOutput(best);
  }

  private static List<Choice> choicesOf(ValueInfo input) {
    List<Dimension> dimensions = input.dimensions();
    var choices = new ArrayList<Choice>();
    if (input.exampleAxis() != null || dimensions == null || dimensions.isEmpty()) {
      int own = input.axisOfExamples();
      choices.add(new Choice(own, shapeWithout(input, own), null));
    } else {
      for (int axis : axes(input)) {
        choices.add(new Choice(axis, shapeWithout(input, axis), null));
      }
    }
    return choices;
  }

  private static @Nullable List<Long> shapeWithout(ValueInfo input, int axis) {
    var shape = new ArrayList<Long>();
    List<Dimension> dimensions = input.dimensions();
    for (int i = 0; dimensions != null && i < dimensions.size(); i++) {
      if (i != axis) {
        if (!(dimensions.get(i) instanceof Dimension.Fixed(long size))) {
          return null;
        }
        shape.add(size);
      }
    }
    return dimensions == null ? null : shape;
  }

  /// Finds the axes for samples of certain shapes.
  ///
  /// @param choices what each input may be, by input, one choice or more; inputs that are missing
  ///     stay as they are. Where nothing tells them apart, the first choice counts
  /// @param keepsApart whether a network computes each example by itself, whatever the others are;
  ///     asked where shapes leave several axes. Null if nothing is to be run
  /// @return the network for examples of the chosen shapes, with the axes, given values, and the
  ///     number of examples that it takes
  /// @throws IllegalArgumentException if a network that is to be run has no axis of the output that
  ///     follows the number of examples; says what was tried
  public static Network found(
      Network network, Map<String, List<Choice>> choices, @Nullable Predicate<Network> keepsApart) {
    List<Trial> trials = trials(network, choices, keepsApart == null);
    Trial best = best(trials, keepsApart);
    if (best != null) {
      return withOutput(best);
    }
    if (keepsApart != null && trials.stream().allMatch(trial -> trial.kind() == Kind.IGNORES)) {
      throw ignored(network, trials);
    }
    return trials.getFirst().network();
  }

  private static IllegalArgumentException ignored(Network network, List<Trial> trials) {
    var tried = new ArrayList<String>();
    for (Trial trial : trials) {
      String axes =
          String.join(
              ", ",
              trial.network().inputs().stream()
                  .map(input ->
                      input.axisOfExamples() == ValueInfo.NO_AXIS
                          ? "none of '%s'".formatted(input.name())
                          : "axis %d of '%s'".formatted(input.axisOfExamples(), input.name()))
                  .toList());
      Integer fixed = fixedSize(trial.network());
      tried.add(
          trial.outputs().size() > 1
              ? "with 2 and 3 examples along %s it has the shapes %s and %s"
                  .formatted(axes, trial.outputs().get(0), trial.outputs().get(1))
              : "with the %d examples that %s fixes it has the shape %s, which follows other axes"
                  .formatted(fixed, axes, trial.outputs().getFirst()));
    }
    return new IllegalArgumentException(
        "no axis of output '%s' follows the number of examples: %s. Say which axis counts examples (%s), or choose another output (%s)"
            .formatted(
                MainOutput.of(network).name(),
                String.join("; ", tried),
                ModelOption.BATCH_AXIS,
                ModelOption.OUTPUT));
  }

  /// Returns the network for any number of examples, though its file fixes the number to one.
  ///
  /// @return null if the file does not do so, or the graph does not allow other numbers
  public static @Nullable Network opened(Network network) {
    boolean isFixed =
        network.inputs().stream()
            .anyMatch(input -> !network.isShared(input) && isOne(input.examples()));
    if (!isFixed) {
      return null;
    }
    Network open = open(network);
    Trial trial = trial(open, true);
    return trial.kind() == Kind.FOLLOWS ? withOutput(trial) : null;
  }

  private static boolean isOne(@Nullable Dimension dimension) {
    return dimension instanceof Dimension.Fixed(long size) && size == 1;
  }

  /// Returns the combination that the output follows best.
  private static @Nullable Trial best(List<Trial> trials, @Nullable Predicate<Network> keepsApart) {
    Trial first = trials.getFirst();
    List<Trial> following = trials.stream().filter(trial -> trial.kind() == Kind.FOLLOWS).toList();
    if (first.kind() == Kind.FOLLOWS || first.kind() == Kind.UNKNOWN) {
      if (first.kind() == Kind.UNKNOWN && following.isEmpty()) {
        return null;
      }
      return following.size() == 1 || keepsApart == null
          ? following.getFirst()
          : apart(following, keepsApart);
    }
    if (first.kind() == Kind.FIXED) {
      return following.stream().filter(Trial::isOpen).findFirst().orElse(first);
    }
    if (!following.isEmpty()) {
      return keepsApart == null ? following.getFirst() : apart(following, keepsApart);
    }
    for (Trial trial : trials) {
      Trial fixed = trial.kind() == Kind.CONTRADICTS ? fixed(trial) : null;
      if (fixed != null) {
        return fixed;
      }
    }
    return trials.stream().filter(trial -> trial.kind() == Kind.FIXED).findFirst().orElse(null);
  }

  private static Trial apart(List<Trial> following, Predicate<Network> keepsApart) {
    return following.stream()
        .filter(trial -> keepsApart.test(withOutput(trial)))
        .findFirst()
        .orElse(following.getFirst());
  }

  /// Tries all combinations of choices.
  ///
  /// @param isFirstEnough whether no other is tried where the output follows the first
  private static List<Trial> trials(
      Network network, Map<String, List<Choice>> choices, boolean isFirstEnough) {
    var combinations = new ArrayList<Map<String, Choice>>();
    combinations.add(new LinkedHashMap<>());
    for (Map.Entry<String, List<Choice>> input : choices.entrySet()) {
      var longer = new ArrayList<Map<String, Choice>>();
      for (Choice choice : input.getValue()) {
        for (Map<String, Choice> combination : combinations) {
          if (longer.size() < MOST_COMBINATIONS) {
            var more = new LinkedHashMap<>(combination);
            more.put(input.getKey(), choice);
            longer.add(more);
          }
        }
      }
      combinations = longer;
    }
    var trials = new ArrayList<Trial>();
    for (Map<String, Choice> combination : combinations) {
      trials.add(trial(with(network, combination), trials.isEmpty()));
      Kind first = trials.getFirst().kind();
      Integer fixed = first == Kind.FIXED ? fixedSize(trials.getFirst().network()) : null;
      if ((fixed != null && fixed == 1) || (first == Kind.FOLLOWS && isFirstEnough)) {
        break;
      }
    }
    return trials;
  }

  private static Network with(Network network, Map<String, Choice> combination) {
    var shapes = new LinkedHashMap<String, List<Long>>();
    var values = new LinkedHashMap<String, Tensor>();
    var inputs = new ArrayList<ValueInfo>();
    for (ValueInfo input : network.inputs()) {
      Choice choice = combination.get(input.name());
      if (choice == null) {
        inputs.add(input);
        continue;
      }
      boolean isUsual = choice.axis() == 0 && choice.value() == null;
      inputs.add(
          isUsual && input.exampleAxis() == null ? input : input.withExampleAxis(choice.axis()));
      if (choice.shape() != null) {
        shapes.put(input.name(), choice.shape());
      }
      if (choice.value() != null) {
        values.put(input.name(), choice.value());
      }
    }
    Network changed = network.withInterface(inputs, network.outputs());
    return ControlFlow.withExampleShapes(
        values.isEmpty() ? changed : changed.withGiven(values), shapes);
  }

  private static Trial trial(Network network, boolean isFirst) {
    Network open = open(network);
    var outputs = new ArrayList<List<Long>>();
    Kind kind = Kind.FOLLOWS;
    for (long examples : List.of(2L, 3L)) {
      Inferred inferred = output(open, examples);
      List<Long> shape = inferred.shape();
      if (shape == null) {
        kind = inferred.isContradiction() ? Kind.CONTRADICTS : Kind.UNKNOWN;
        break;
      }
      outputs.add(shape);
    }
    if (kind == Kind.FOLLOWS) {
      int axis = following(outputs.get(0), outputs.get(1));
      if (axis >= 0) {
        Network limited = limited(network, open, axis);
        return limited == null
            ? new Trial(network, isFirst, kind, axis, outputs)
            : new Trial(limited, isFirst, Kind.FIXED, axis, outputs);
      }
      kind = Kind.IGNORES;
    }
    Integer fixed = kind == Kind.UNKNOWN ? null : fixedSize(network);
    if (fixed != null) {
      List<Long> shape = output(network, fixed).shape();
      int axis = shape == null ? -1 : holding(shape, fixed, isFirst);
      if (shape != null && axis >= 0) {
        return followsOthers(network, shape, axis)
            ? new Trial(network, isFirst, Kind.IGNORES, -1, List.of(shape))
            : new Trial(network, isFirst, Kind.FIXED, axis, outputs);
      }
    }
    return new Trial(network, isFirst, kind, -1, outputs);
  }

  /// Returns the network with the greatest number of examples that it gives results for.
  ///
  /// @param open the network for any number
  /// @param axis of the output that follows small numbers
  /// @return null if there is no greatest number, or it is not known
  private static @Nullable Network limited(Network network, Network open, int axis) {
    List<Long> few = output(open, 2).shape();
    List<Long> shape = output(open, MANY).shape();
    if (few == null || shape == null || shape.size() != few.size()) {
      return null;
    }
    long greatest = shape.get(axis) / Math.max(1, few.get(axis) / 2);
    return fixedSize(network) == null && greatest > 0 && greatest < MANY
        ? sized(network, new Dimension.Fixed(greatest))
        : null;
  }

  /// Returns whether an axis of the output, which has the size of a fixed number of examples, owes
  /// it to another axis of the inputs: it changes with that one.
  private static boolean followsOthers(Network network, List<Long> shape, int axis) {
    Integer fixed = fixedSize(network);
    if (fixed == null || fixed == 1) {
      return false; // a result of one example may leave the axis out
    }
    for (ValueInfo input : network.inputs()) {
      List<Dimension> dimensions = input.dimensions();
      for (int other = 0; dimensions != null && other < dimensions.size(); other++) {
        if (other != input.axisOfExamples()
            && !network.isShared(input)
            && dimensions.get(other) instanceof Dimension.Fixed(long size)) {
          List<Long> changed =
              output(withSize(network, input, other, Math.addExact(size, 1)), fixed).shape();
          if (changed != null
              && changed.size() == shape.size()
              && !changed.get(axis).equals(shape.get(axis))) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static Network withSize(Network network, ValueInfo input, int axis, long size) {
    var dimensions = new ArrayList<>(Objects.requireNonNull(input.dimensions()));
    dimensions.set(axis, new Dimension.Fixed(size));
    var changed = new ValueInfo(input.name(), input.type(), dimensions, input.exampleAxis());
    return network.withInterface(
        network.inputs().stream()
            .map(each -> each.name().equals(input.name()) ? changed : each)
            .toList(),
        network.outputs());
  }

  /// The axis of the output whose size is the number of examples, or a multiple if it is the first.
  private static int following(List<Long> two, List<Long> three) {
    int found = -1;
    for (int axis = 0; axis < two.size() && two.size() == three.size(); axis++) {
      long a = two.get(axis);
      long b = three.get(axis);
      boolean isMultiple = a % 2 == 0 && a / 2 * 3 == b;
      if ((a == 2 && b == 3) || (axis == 0 && isMultiple)) {
        if (found < 0) {
          found = axis;
        } else {
          return found; // the first one
        }
      } else if (a != b) {
        return -1;
      }
    }
    return found;
  }

  /// Returns the axis of an output that holds results for a fixed number of examples.
  private static int holding(List<Long> shape, int examples, boolean isFirst) {
    if (!shape.isEmpty() && shape.getFirst() % examples == 0 && (isFirst || examples == 1)) {
      return 0;
    }
    return shape.indexOf((long) examples);
  }

  private static @Nullable Integer fixedSize(Network network) {
    Integer fixed = null;
    for (ValueInfo input : network.inputs()) {
      if (!network.isShared(input) && input.examples() instanceof Dimension.Fixed(long size)) {
        if (size > MOST_FIXED || (fixed != null && fixed != size)) {
          return null;
        }
        fixed = (int) size;
      }
    }
    return fixed;
  }

  /// The network with the number of examples that its nodes fix, though its inputs leave it open.
  private static @Nullable Trial fixed(Trial trial) {
    Network network = trial.network();
    if (fixedSize(network) != null) {
      return null;
    }
    Trial elsewhere = null;
    for (long examples : tried(network)) {
      List<Long> shape = output(network, examples).shape();
      int axis = shape == null ? -1 : shape.indexOf(examples);
      Network sized = axis < 0 ? network : sized(network, new Dimension.Fixed(examples));
      if (shape != null && axis >= 0 && !followsOthers(sized, shape, axis)) {
        var found = new Trial(sized, trial.isFirst(), Kind.FIXED, axis, trial.outputs());
        if (axis == 0) {
          return found;
        }
        elsewhere = elsewhere == null ? found : elsewhere;
      }
    }
    return elsewhere;
  }

  /// Numbers of examples that the graph may have been made for: small ones, and those that stand in
  /// its constants.
  private static Iterable<Long> tried(Network network) {
    var numbers = new TreeSet<Long>();
    for (long i = 1; i <= MOST_TRIED; i++) {
      numbers.add(i);
    }
    for (Tensor tensor : network.initializers().values()) {
      if (!tensor.shape().isEmpty()) {
        numbers.addAll(tensor.shape().subList(0, Math.min(2, tensor.shape().size())));
      }
      if (!tensor.type().isFloatingPoint() && tensor.size() <= LONGEST_SHAPE) {
        for (long value : tensor.toLongs()) {
          numbers.add(value);
        }
      }
    }
    return numbers.subSet(1L, true, MOST_FIXED, true);
  }

  /// Returns the network for any number of examples, whatever its file fixes.
  private static Network open(Network network) {
    return sized(network, new Dimension.Symbolic(""));
  }

  private static Network sized(Network network, Dimension examples) {
    List<ValueInfo> inputs =
        network.inputs().stream()
            .map(input -> network.isShared(input) ? input : input.withExamples(examples))
            .toList();
    return inputs.equals(network.inputs())
        ? network
        : network.withInterface(inputs, network.outputs());
  }

  /// @param shape null if it is not known
  /// @param isContradiction whether a node contradicts what it gets
  private record Inferred(@Nullable List<Long> shape, boolean isContradiction) {}

  private static Inferred output(Network network, long examples) {
    try {
      var shapes = FollowedShapes.of(network, ShapeInference.inputShapes(network, examples));
      boolean isContradiction = shapes.obstacles().stream().anyMatch(Obstacle::isContradiction);
      List<Long> shape = shapes.of(MainOutput.of(network).name());
      return new Inferred(isContradiction ? null : shape, isContradiction);
    } catch (IllegalArgumentException _) {
      return new Inferred(null, false);
    }
  }

  /// Returns the network with what is known of the main output.
  private static Network withOutput(Trial trial) {
    Network network = trial.network();
    ValueInfo main = MainOutput.of(network);
    if (trial.outputAxis() <= 0 && main.exampleAxis() == null) {
      return network;
    }
    Integer fixed = fixedSize(network);
    List<Long> shape = output(network, fixed == null ? 2 : fixed).shape();
    List<Dimension> dimensions =
        shape == null
            ? main.dimensions()
            : shape.stream().<Dimension>map(Dimension.Fixed::new).toList();
    ValueInfo found =
        new ValueInfo(main.name(), main.type(), dimensions, Math.max(0, trial.outputAxis()))
            .withExamples(fixed == null ? new Dimension.Symbolic("") : new Dimension.Fixed(fixed));
    List<ValueInfo> outputs =
        network.outputs().stream()
            .map(output -> output.name().equals(main.name()) ? found : output)
            .toList();
    return network.withInterface(network.inputs(), outputs);
  }

  /// Returns the axes of an input that may count examples, the likeliest first: one with a usual
  /// name (`batch`, `N`, …) before the others, then from the first to the last. Where the first
  /// axis is open, an axis of fixed size counts none.
  ///
  /// @return numbers of axes; of an input of unknown axes the first one
  public static List<Integer> axes(ValueInfo input) {
    List<Dimension> dimensions = input.dimensions();
    if (dimensions == null) {
      return List.of(0);
    }
    boolean isOpen = !dimensions.isEmpty() && dimensions.getFirst() instanceof Dimension.Symbolic;
    return IntStream.range(0, dimensions.size())
        .filter(axis -> !isOpen || dimensions.get(axis) instanceof Dimension.Symbolic)
        .boxed()
        .sorted(Comparator.comparing((Integer axis) -> !isCalledSo(input, axis)))
        .toList();
  }

  private static boolean isCalledSo(ValueInfo input, int axis) {
    List<Dimension> dimensions = input.dimensions();
    if (dimensions == null || !(dimensions.get(axis) instanceof Dimension.Symbolic(String name))) {
      return false;
    }
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.contains("batch")
        || lower.contains("sample")
        || lower.contains("example")
        || List.of("n", "b", "bs").contains(lower);
  }
}
