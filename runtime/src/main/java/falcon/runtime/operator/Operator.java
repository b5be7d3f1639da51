package falcon.runtime.operator;

import falcon.model.DataType;
import java.util.List;
import java.util.function.Function;

/// An operator of ONNX: which types it makes, and the step that computes it.
///
/// Shapes are those of `falcon.model.operator`, the table of rules that holds before any run.
///
/// @param types types of the outputs, as many as the node makes or more
/// @param binding makes the step of a node whose values have places
/// @param kind what else is known
public record Operator(Types types, Function<Operands, Step> binding, Kind kind) {
  /// Finds the types of the outputs from those of the inputs.
  @FunctionalInterface
  public interface Types {
    /// Returns the type of an output.
    DataType of(Operands operands, int output);
  }

  /// What is special about an operator.
  public enum Kind {
    /// Nothing.
    COMPUTES,
    /// Its output is its first input's memory, with another shape or type.
    VIEW,
    /// Its outputs follow from the shapes of its inputs.
    OF_SHAPES
  }

  /// Creates an operator whose outputs have the type of its first input.
  public static Operator of(Function<Operands, Step> binding) {
    return new Operator((in, _) -> in.in(0).type(), binding, Kind.COMPUTES);
  }

  /// Creates an operator whose outputs have one type.
  static Operator of(DataType type, Function<Operands, Step> binding) {
    return new Operator((_, _) -> type, binding, Kind.COMPUTES);
  }

  /// Creates an operator whose outputs have types of their own.
  static Operator of(List<DataType> types, Function<Operands, Step> binding) {
    return new Operator((_, output) -> types.get(output), binding, Kind.COMPUTES);
  }

  /// Returns this operator with other types.
  Operator making(Types other) {
    return new Operator(other, binding, kind);
  }

  /// Returns this operator as one of another kind.
  Operator as(Kind other) {
    return new Operator(types, binding, other);
  }

  /// Returns whether a node's output is the memory of its first input.
  public boolean isView(Operands operands) {
    Value from = operands.in(0);
    Value to = operands.out();
    return kind == Kind.VIEW
        && from.storage() == to.storage()
        && from.elements() == to.elements()
        && (from.storage() != Storage.WHOLE
            || from.type() == to.type()
            || to.type() == DataType.INT64); // a narrower type wraps its numbers
  }
}
