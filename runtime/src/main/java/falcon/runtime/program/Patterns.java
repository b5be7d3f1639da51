package falcon.runtime.program;

import falcon.model.Attribute;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.runtime.operator.Operands;
import falcon.runtime.operator.Operator;
import falcon.runtime.operator.Operators;
import falcon.runtime.operator.Value;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Replaces functions that exporters write out in several nodes by the one operator that they are:
/// Gelu, Swish, HardSwish and LayerNormalization.
///
/// Only the last node of a pattern is replaced; the others go where nothing else reads them.
final class Patterns {
  private static final double SQRT_TWO = Math.sqrt(2);

  /// Relative difference of a constant from the number that it stands for.
  private static final double TOLERANCE = 1e-3;

  private final Graph graph;
  private final Arena arena;

  private Patterns(Graph graph, Arena arena) {
    this.graph = graph;
    this.arena = arena;
  }

  /// @param arena owner of new constants' memory
  static Graph replaced(Graph graph, Arena arena) {
    var patterns = new Patterns(graph, arena);
    var operations = new ArrayList<Operation>();
    for (Operation operation : graph.operations()) {
      operations.add(patterns.replaced(operation));
    }
    return graph.with(operations);
  }

  private Operation replaced(Operation last) {
    Operation found = null;
    if (last.is("Mul")) {
      found = gated(last);
      found = found == null ? gelu(last) : found;
    }
    if (found == null && (last.is("Add") || last.is("Mul") || last.is("Div"))) {
      found = layerNormalization(last);
    }
    return found == null ? last : found;
  }

  private Operation operation(
      String opType, List<Value> inputs, Operation last, Map<String, Attribute> attributes) {
    var node =
        new Node(
            last.node().name(),
            opType,
            "",
            inputs.stream().map(Value::name).toList(),
            last.node().outputs(),
            attributes);
    Operator operator = Objects.requireNonNull(Operators.of(node), opType);
    return new Operation(
        new Operands(node, List.copyOf(inputs), last.outputs(), last.operands().opset()), operator);
  }

  private static boolean isNear(double value, double wanted) {
    return Math.abs(value - wanted) <= TOLERANCE * Math.abs(wanted);
  }

  /// Returns the constant that a sum or a product has one of.
  ///
  /// @return null if neither operand is a constant of one real number
  private static @Nullable Double number(Operation operation) {
    for (int i = 0; i < 2; i++) {
      Double number = number(operation.in(i));
      if (number != null) {
        return number;
      }
    }
    return null;
  }

  private static @Nullable Double number(Value value) {
    return value.isConstant() && value.elements() == 1 && value.type().isFloatingPoint()
        ? (double) value.floats()[0]
        : null;
  }

  /// Returns the operand that is no constant.
  ///
  /// @return null if both are
  private static @Nullable Value other(Operation operation) {
    return !operation.in(0).isConstant()
        ? operation.in(0)
        : !operation.in(1).isConstant() ? operation.in(1) : null;
  }

  private static Value factor(Operation product, Value one) {
    return product.in(0) == one ? product.in(1) : product.in(0);
  }

  /// Recognises x · sigmoid(x) and x · hardSigmoid(x).
  private @Nullable Operation gated(Operation last) {
    for (int i = 0; i < 2; i++) {
      Value x = last.in(1 - i);
      Operation gate = graph.producer(last.in(i));
      if (gate == null || gate.in(0) != x || gate.outputs().size() != 1) {
        continue;
      }
      if (gate.is("Sigmoid")) {
        return operation("Swish", List.of(x), last, Map.of());
      }
      if (gate.is("HardSigmoid")
          && isNear(gate.node().real("alpha", 0.2f), 1.0 / 6)
          && isNear(gate.node().real("beta", 0.5f), 0.5)) {
        return operation("HardSwish", List.of(x), last, Map.of());
      }
    }
    return null;
  }

  /// Recognises x · (1 + erf(x / √2)) / 2, the half as a factor anywhere.
  private @Nullable Operation gelu(Operation last) {
    Double half = number(last);
    if (half != null) {
      Operation product = half == 0.5 ? graph.producer(other(last), "Mul") : null;
      return product == null ? null : gelu(last, product.in(0), product.in(1), false);
    }
    return gelu(last, last.in(0), last.in(1), true);
  }

  /// @param isHalved whether one of the factors holds the half
  private @Nullable Operation gelu(Operation last, Value a, Value b, boolean isHalved) {
    for (Value factor : List.of(a, b)) {
      Value rest = factor == a ? b : a;
      Value x = argument(factor);
      if (!isHalved) {
        if (x != null && x == rest) {
          return operation("Gelu", List.of(x), last, Map.of());
        }
        continue;
      }
      Operation halved = graph.producer(x == null ? factor : rest, "Mul");
      Double half = halved == null ? null : number(halved);
      if (halved == null || half == null || half != 0.5) {
        continue;
      }
      Value inner = other(halved);
      boolean isWhole = x != null ? inner == x : inner != null && argument(inner) == rest;
      if (isWhole) {
        return operation("Gelu", List.of(x != null ? x : rest), last, Map.of());
      }
    }
    return null;
  }

  /// Returns x where a value is 1 + erf(x / √2); null otherwise.
  private @Nullable Value argument(Value value) {
    Operation sum = graph.producer(value, "Add");
    Double one = sum == null ? null : number(sum);
    if (sum == null || one == null || one != 1) {
      return null;
    }
    Operation erf = graph.producer(other(sum), "Erf");
    Operation scaled = erf == null ? null : graph.producer(erf.in(0));
    if (scaled == null) {
      return null;
    }
    if (scaled.is("Div")) {
      Double by = number(scaled.in(1));
      return by != null && isNear(by, SQRT_TWO) ? scaled.in(0) : null;
    }
    Double by = scaled.is("Mul") ? number(scaled) : null;
    return by != null && isNear(by, 1 / SQRT_TWO) ? other(scaled) : null;
  }

  /// Recognises (x − mean) / √(variance + ε), alone, times a scale, and with a shift.
  private @Nullable Operation layerNormalization(Operation last) {
    Operation core = last;
    Value shift = null;
    Value scale = null;
    if (core.is("Add")) {
      shift = constant(core);
      core = shift == null ? null : graph.producer(factor(core, shift), "Mul");
    }
    if (core != null && core.is("Mul")) {
      scale = constant(core);
      core = scale == null ? null : graph.producer(factor(core, scale), "Div");
    }
    if (core == null || !core.is("Div")) {
      return null;
    }
    Operation root = graph.producer(core.in(1), "Sqrt");
    Operation floor = root == null ? null : graph.producer(root.in(0), "Add");
    Double epsilon = floor == null ? null : number(floor);
    Operation difference = graph.producer(core.in(0), "Sub");
    if (floor == null || epsilon == null || difference == null) {
      return null;
    }
    Value x = difference.in(0);
    Operation variance = lastMean(other(floor));
    if (!isMeanOf(difference.in(1), x) || variance == null || !isSquare(variance.in(0), x)) {
      return null;
    }
    long size = x.size(x.rank() - 1);
    if ((scale != null && !isList(scale, size)) || (shift != null && !isList(shift, size))) {
      return null;
    }
    var inputs = new ArrayList<Value>(List.of(x, scale != null ? scale : ones(last, size)));
    if (shift != null) {
      inputs.add(shift);
    }
    return operation(
        "LayerNormalization",
        inputs,
        last,
        Map.of("epsilon", new Attribute.FloatValue(epsilon.floatValue())));
  }

  private static boolean isList(Value value, long size) {
    return value.form().shape().equals(List.of(size));
  }

  private Value ones(Operation last, long size) {
    var ones = new float[(int) size];
    Arrays.fill(ones, 1);
    return Value.constant(last.out().name() + "/ones", Tensor.ofFloats(List.of(size), ones), arena);
  }

  private static @Nullable Value constant(Operation operation) {
    return operation.in(0).isConstant()
        ? operation.in(0)
        : operation.in(1).isConstant() ? operation.in(1) : null;
  }

  private boolean isMeanOf(Value mean, Value x) {
    Operation producer = lastMean(mean);
    return producer != null && producer.in(0) == x;
  }

  /// Returns the operation that computes a value as the mean along the last axis, which it keeps.
  private @Nullable Operation lastMean(@Nullable Value value) {
    Operation mean = graph.producer(value, "ReduceMean");
    if (mean == null || mean.node().integer("keepdims", 1) == 0 || mean.in(0).rank() == 0) {
      return null;
    }
    int rank = mean.in(0).rank();
    List<Long> axes =
        mean.operands().has(1)
            ? Arrays.stream(mean.in(1).longs()).boxed().toList()
            : mean.node().integers("axes", List.of());
    return axes.equals(List.of(-1L)) || axes.equals(List.of(rank - 1L)) ? mean : null;
  }

  /// Returns whether a value is (x − mean of x)².
  private boolean isSquare(Value value, Value x) {
    Operation power = graph.producer(value);
    if (power == null) {
      return false;
    }
    boolean isSquare =
        power.is("Mul") ? power.in(0) == power.in(1) : power.is("Pow") && isTwo(power.in(1));
    Operation difference = isSquare ? graph.producer(power.in(0), "Sub") : null;
    return difference != null && difference.in(0) == x && isMeanOf(difference.in(1), x);
  }

  private static boolean isTwo(Value exponent) {
    return exponent.isConstant() && exponent.elements() == 1 && exponent.doubles()[0] == 2;
  }
}
