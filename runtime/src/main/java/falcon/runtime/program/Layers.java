package falcon.runtime.program;

import falcon.model.Tensor;
import falcon.runtime.operator.Activation;
import falcon.runtime.operator.Layer;
import falcon.runtime.operator.Operands;
import falcon.runtime.operator.Storage;
import falcon.runtime.operator.Value;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Makes a layer of each convolution and product with constant weights and of what follows it: a
/// BatchNormalization goes into the weights, a constant sum into the bias, then comes the sum with
/// a value of the same shape, then an activation.
///
/// What a layer takes in is read by nothing else. The layer takes the turn of the last node it
/// takes in.
final class Layers {
  private final Graph graph;
  private final Arena arena;

  /// Operations that a layer took in, the layer's own first one included.
  private final Set<Operation> taken = Collections.newSetFromMap(new IdentityHashMap<>());

  private Layers(Graph graph, Arena arena) {
    this.graph = graph;
    this.arena = arena;
  }

  /// @param arena owner of new constants' memory
  static Graph joined(Graph graph, Arena arena) {
    return new Layers(graph, arena).joined();
  }

  private Graph joined() {
    var layers = new IdentityHashMap<Operation, Operation>(); // by the last operation taken in
    for (Operation operation : graph.operations().reversed()) {
      Chain chain = taken.contains(operation) ? null : start(operation);
      if (chain != null) {
        chain.follow();
        taken.add(operation);
        layers.put(chain.last, chain.operation());
      }
    }
    var operations = new ArrayList<Operation>();
    for (Operation operation : graph.operations()) {
      Operation layer = layers.get(operation);
      if (layer != null) {
        operations.add(layer);
      } else if (!taken.contains(operation)) {
        operations.add(operation);
      }
    }
    return graph.with(operations);
  }

  private static boolean isWeights(@Nullable Value value) {
    return value != null && value.isConstant() && value.storage() == Storage.REAL;
  }

  private @Nullable Chain start(Operation operation) {
    if (operation.layer() != null
        || operation.inputs().size() < 2
        || !isWeights(operation.inputs().get(1))
        || operation.in(0).isConstant()
        || operation.in(0).storage() != Storage.REAL) {
      return null;
    }
    Value weights = operation.in(1);
    if (operation.is("Conv")) {
      Value bias = operation.operands().optional(2);
      return bias == null || isWeights(bias)
          ? new Chain(operation, Layer.Kind.CONVOLUTION, weights, bias)
          : null;
    }
    if (operation.is("MatMul")) {
      return weights.rank() == 2 && operation.in(0).rank() >= 1
          ? new Chain(operation, Layer.Kind.LINEAR, weights, null)
          : null;
    }
    return operation.is("Gemm") ? gemm(operation, weights) : null;
  }

  private @Nullable Chain gemm(Operation operation, Value weights) {
    var node = operation.node();
    Value bias = operation.operands().optional(2);
    boolean isTurned = node.integer("transB", 0) != 0;
    float alpha = node.real("alpha", 1);
    float beta = node.real("beta", 1);
    int n = weights.size(isTurned ? 0 : 1);
    boolean isRow = bias == null || (isWeights(bias) && isBias(bias, n, 2));
    if (node.integer("transA", 0) != 0 || !isRow) {
      return null;
    }
    var chain =
        new Chain(
            operation,
            isTurned ? Layer.Kind.LINEAR_TURNED : Layer.Kind.LINEAR,
            weights,
            bias == null || (bias.rank() == 1 && bias.elements() == n) ? bias : null);
    if (bias != null && chain.bias == null) {
      chain.bias = list(bias.name() + "/row", spread(bias, n));
    }
    if (alpha != 1) {
      var factors = new float[n];
      Arrays.fill(factors, alpha);
      chain.multiply(factors);
    }
    if (beta != 1 && chain.bias != null) {
      float[] values = chain.bias.floats();
      for (int i = 0; i < n; i++) {
        values[i] *= beta;
      }
      chain.bias = list(chain.bias.name() + "/beta", values);
    }
    return chain;
  }

  /// Returns whether a value adds one number to each of the last axis' elements, or one to all.
  private static boolean isBias(Value value, int n, int rank) {
    return value.rank() <= rank
        && (value.elements() == 1 || (value.elements() == n && value.size(value.rank() - 1) == n));
  }

  private static float[] spread(Value value, int n) {
    float[] values = value.floats();
    if (values.length == n) {
      return values;
    }
    var all = new float[n];
    Arrays.fill(all, values[0]);
    return all;
  }

  private Value list(String name, float[] values) {
    return Value.constant(name, Tensor.ofFloats(List.of((long) values.length), values), arena);
  }

  /// A layer and the operations behind it, as far as they have been taken in.
  private final class Chain {
    private final Operation first;
    private final Layer.Kind kind;
    private Value weights;
    private @Nullable Value bias;
    private @Nullable Value residual;
    private Activation activation = Activation.NONE;
    private Operation last;

    Chain(Operation first, Layer.Kind kind, Value weights, @Nullable Value bias) {
      this.first = first;
      this.kind = kind;
      this.weights = weights;
      this.bias = bias;
      this.last = first;
    }

    private int outputs() {
      return switch (kind) {
        case CONVOLUTION, LINEAR_TURNED -> weights.size(0);
        case LINEAR -> weights.size(1);
      };
    }

    void follow() {
      Operation next = next();
      while (next != null && (takesBatchNormalization(next) || takesBias(next))) {
        next = next();
      }
      if (next != null && takesResidual(next)) {
        next = next();
      }
      if (next != null) {
        takeActivation(next);
      }
    }

    private @Nullable Operation next() {
      Operation next = graph.onlyReader(last.out());
      return next == null || taken.contains(next) || next.layer() != null ? null : next;
    }

    private void take(Operation operation) {
      taken.add(operation);
      taken.add(last);
      last = operation;
    }

    private boolean takesBatchNormalization(Operation next) {
      if (!next.is("BatchNormalization")
          || next.in(0) != last.out()
          || next.node().integer("training_mode", 0) != 0
          || next.node().integer("spatial", 1) == 0
          || (kind != Layer.Kind.CONVOLUTION && next.in(0).rank() != 2)) {
        return false;
      }
      for (int i = 1; i < 5; i++) {
        if (!isWeights(next.operands().optional(i)) || next.in(i).elements() != outputs()) {
          return false;
        }
      }
      float[] scale = next.in(1).floats();
      float[] shift = next.in(2).floats();
      float[] mean = next.in(3).floats();
      float[] variance = next.in(4).floats();
      double epsilon = next.node().real("epsilon", 1e-5f);
      float[] biases = bias == null ? new float[outputs()] : bias.floats();
      var factors = new float[outputs()];
      for (int i = 0; i < factors.length; i++) {
        double factor = scale[i] / Math.sqrt(variance[i] + epsilon);
        factors[i] = (float) factor;
        biases[i] = (float) ((biases[i] - mean[i]) * factor + shift[i]);
      }
      multiply(factors);
      bias = list(next.out().name() + "/bias", biases);
      take(next);
      return true;
    }

    /// Multiplies the weights of each output by a factor, and not the bias.
    void multiply(float[] factors) {
      float[] values = weights.floats();
      int n = factors.length;
      int each = n == 0 ? 0 : values.length / n;
      for (int i = 0; i < values.length; i++) {
        values[i] *= factors[kind == Layer.Kind.LINEAR ? i % n : i / each];
      }
      weights =
          Value.constant(
              weights.name() + "/scaled", Tensor.ofFloats(weights.form().shape(), values), arena);
    }

    private boolean takesBias(Operation next) {
      Value term = kind == Layer.Kind.CONVOLUTION ? null : addend(next);
      if (term == null
          || !isWeights(term)
          || !isBias(term, outputs(), last.out().rank())
          || !next.out().form().equals(last.out().form())) {
        return false;
      }
      float[] values = spread(term, outputs());
      float[] biases = bias == null ? new float[outputs()] : bias.floats();
      for (int i = 0; i < biases.length; i++) {
        biases[i] += values[i];
      }
      bias = list(next.out().name() + "/bias", biases);
      take(next);
      return true;
    }

    /// Returns what a sum adds to the layer's result; null if it is no sum of two.
    private @Nullable Value addend(Operation next) {
      if (!next.is("Add") || next.in(0) == next.in(1)) {
        return null;
      }
      return next.in(0) == last.out() ? next.in(1) : next.in(0);
    }

    private boolean takesResidual(Operation next) {
      Value term = addend(next);
      if (term == null
          || term.isConstant()
          || !term.form().shape().equals(last.out().form().shape())
          || !next.out().form().shape().equals(last.out().form().shape())) {
        return false;
      }
      residual = term;
      take(next);
      return true;
    }

    private void takeActivation(Operation next) {
      Activation found = next.in(0) == last.out() ? Layer.activation(next.operands()) : null;
      if (found != null && next.outputs().size() == 1) {
        activation = found;
        take(next);
      }
    }

    Operation operation() {
      List<@Nullable Value> inputs = Arrays.asList(first.in(0), weights, bias, residual);
      var operands =
          new Operands(first.node(), inputs, List.of(last.out()), first.operands().opset());
      return new Operation(operands, new Layer(kind, activation));
    }
  }
}
