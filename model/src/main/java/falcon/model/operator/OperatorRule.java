package falcon.model.operator;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The properties of an ONNX operator before a network runs: shapes, multiply-accumulates, weights.
///
/// @param shapes infers its outputs from its inputs; null if they are not known
/// @param product what it multiplies; null for nothing
/// @param learnt indices of the inputs that training sets, if they are constants
/// @param traits further properties
public record OperatorRule(
    @Nullable Shapes shapes, @Nullable Product product, Set<Integer> learnt, Set<Trait> traits) {
  /// Means every input if it is in `learnt`.
  public static final int ANY = -1;

  /// Infers outputs from the shapes of the inputs, and from their numbers where these are known.
  @FunctionalInterface
  public interface Shapes {
    /// Infers the outputs; rejects inputs and attributes that contradict each other.
    ///
    /// @return the inferred value of each output
    /// @throws falcon.model.UnusableNodeException if the node contradicts its inputs, or its shapes
    ///     depend on data
    List<InferredValue> of(Operands operands);
  }

  /// A property of an operator that other packages query.
  public enum Trait {
    /// Selects numbers from shapes or other numbers, and computes none.
    PICKS,
    /// Only rearranges a tensor for the operators that read it.
    ARRANGES,
    /// Has weights or statistics as its constants, which are finite in any working network.
    FINITE
  }

  public OperatorRule {
    learnt = Set.copyOf(learnt);
    traits = Set.copyOf(traits);
  }

  /// Creates the rule of an operator whose shapes are not known.
  static OperatorRule unknown() {
    return new OperatorRule(null, null, Set.of(), Set.of());
  }

  /// Creates the rule of an operator with any outputs.
  static OperatorRule of(Shapes shapes) {
    return new OperatorRule(shapes, null, Set.of(), Set.of());
  }

  /// Creates the rule of an operator with one output whose numbers may be known.
  static OperatorRule ofValue(Function<Operands, InferredValue> value) {
    return of(operands -> List.of(value.apply(operands)));
  }

  /// Creates the rule of an operator with one output.
  static OperatorRule ofShape(Function<Operands, List<Long>> shape) {
    return ofShapes(1, shape);
  }

  /// Creates the rule of an operator whose outputs have the same shape.
  static OperatorRule ofShapes(int outputs, Function<Operands, List<Long>> shape) {
    return of(
        operands -> Collections.nCopies(outputs, InferredValue.ofShape(shape.apply(operands))));
  }

  /// Returns this rule with a product.
  OperatorRule multiplies(Product what) {
    return new OperatorRule(shapes, what, learnt, traits);
  }

  /// Returns this rule with the inputs that training sets.
  OperatorRule learns(Integer... inputs) {
    return new OperatorRule(shapes, product, Set.of(inputs), traits);
  }

  /// Returns this rule with given traits.
  OperatorRule with(Trait... all) {
    return new OperatorRule(shapes, product, learnt, Set.of(all));
  }

  /// Returns whether the operator has a trait.
  public boolean has(Trait trait) {
    return traits.contains(trait);
  }
}
