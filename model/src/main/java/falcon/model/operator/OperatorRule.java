package falcon.model.operator;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What an operator of ONNX means before a network runs: shapes, multiply-accumulates, weights.
///
/// @param shapes what it makes of its inputs; null if that is not known
/// @param product what it multiplies; null for nothing
/// @param learnt numbers of the inputs that training sets, where they are constants
/// @param traits what else is asked about it
public record OperatorRule(
    @Nullable Shapes shapes, @Nullable Product product, Set<Integer> learnt, Set<Trait> traits) {
  /// Stands in `learnt` for every input.
  public static final int ANY = -1;

  /// What an operator makes of the shapes of its inputs, and of their numbers where these are
  /// known.
  @FunctionalInterface
  public interface Shapes {
    /// Refuses inputs and attributes that contradict each other.
    ///
    /// @return what is known of each output
    /// @throws falcon.model.UnusableNodeException if the node contradicts what it gets, or its
    ///     shapes depend on data
    List<InferredValue> of(Operands operands);
  }

  /// A property of an operator that other rooms ask for.
  public enum Trait {
    /// It picks numbers out of shapes or other numbers, and computes none.
    PICKS,
    /// It only arranges a tensor for those that use it.
    ARRANGES,
    /// Its constants are weights or statistics, which are finite in any network that works.
    FINITE
  }

  public OperatorRule {
    learnt = Set.copyOf(learnt);
    traits = Set.copyOf(traits);
  }

  /// An operator whose shapes are not known.
  static OperatorRule unknown() {
    return new OperatorRule(null, null, Set.of(), Set.of());
  }

  /// An operator with any outputs.
  static OperatorRule of(Shapes shapes) {
    return new OperatorRule(shapes, null, Set.of(), Set.of());
  }

  /// An operator with one output, of which numbers may be known.
  static OperatorRule ofValue(Function<Operands, InferredValue> value) {
    return of(operands -> List.of(value.apply(operands)));
  }

  /// An operator with one output.
  static OperatorRule ofShape(Function<Operands, List<Long>> shape) {
    return ofShapes(1, shape);
  }

  /// An operator whose outputs have the same shape.
  static OperatorRule ofShapes(int outputs, Function<Operands, List<Long>> shape) {
    return of(
        operands -> Collections.nCopies(outputs, InferredValue.ofShape(shape.apply(operands))));
  }

  /// The same operator, which multiplies.
  OperatorRule multiplies(Product what) {
    return new OperatorRule(shapes, what, learnt, traits);
  }

  /// The same operator, of whose inputs training sets some.
  OperatorRule learns(Integer... inputs) {
    return new OperatorRule(shapes, product, Set.of(inputs), traits);
  }

  /// The same operator with these traits.
  OperatorRule with(Trait... all) {
    return new OperatorRule(shapes, product, learnt, Set.of(all));
  }

  /// Whether it has that trait.
  public boolean has(Trait trait) {
    return traits.contains(trait);
  }
}
