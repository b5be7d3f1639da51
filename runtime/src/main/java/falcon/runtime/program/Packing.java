package falcon.runtime.program;

import falcon.model.Node;
import falcon.runtime.kernel.CompiledLayer;
import falcon.runtime.kernel.Epilogue;
import falcon.runtime.kernel.LayerChoice;
import falcon.runtime.kernel.Layouts;
import falcon.runtime.operator.Activation;
import falcon.runtime.operator.Layer;
import falcon.runtime.operator.Operands;
import falcon.runtime.operator.Operator;
import falcon.runtime.operator.PlaneCopies;
import falcon.runtime.operator.Planes;
import falcon.runtime.operator.Step;
import falcon.runtime.operator.Value;
import falcon.runtime.operator.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Gives layers to the kernels: each is compiled, reads and writes values in its own layouts, and
/// where a value is needed in another layout than it was made in, a copy goes before.
final class Packing {
  private final Graph graph;
  private final LayoutPlan plan;
  private final LayerChoice choice;
  private final Resources resources;
  private final List<Operation> operations = new ArrayList<>();

  /// The forms in which a value is there already: by layout, row-major under null.
  private final Map<Value, Map<@Nullable Planes, Value>> forms = new HashMap<>();

  private Packing(Graph graph, LayerChoice choice, Resources resources) {
    this.graph = graph;
    this.plan = LayoutPlan.of(graph);
    this.choice = choice;
    this.resources = resources;
  }

  /// @param choice the kernel of all layers, or the rule
  /// @param resources owner of the compiled layers
  static Graph packed(Graph graph, LayerChoice choice, Resources resources) {
    return new Packing(graph, choice, resources).packed();
  }

  private Graph packed() {
    graph.inputs().forEach(input -> add(input, input));
    for (Operation operation : graph.operations()) {
      LayerFormat format = plan.formatOf(operation);
      if (format == null) {
        for (Value input : operation.inputs()) {
          if (input != null && !input.isConstant()) {
            plain(input);
          }
        }
        operations.add(operation);
        for (Value output : operation.outputs()) {
          if (output != null) {
            add(output, output);
          }
        }
      } else {
        layer(operation, format);
      }
    }
    for (Value output : graph.outputs()) {
      if (!output.isConstant()) {
        plain(output);
      }
    }
    return graph.with(operations);
  }

  private void add(Value value, Value form) {
    forms.computeIfAbsent(value, _ -> new LinkedHashMap<>()).put(form.planes(), form);
  }

  private Map<@Nullable Planes, Value> forms(Value value) {
    Map<@Nullable Planes, Value> all = forms.get(value);
    if (all == null) {
      throw new IllegalStateException("value '%s' is read before it is made".formatted(value));
    }
    return all;
  }

  /// Sees to it that a value is there in row-major form.
  private void plain(Value value) {
    Map<@Nullable Planes, Value> all = forms(value);
    if (!all.containsKey(null)) {
      copy(value, all.values().iterator().next(), value);
    }
  }

  /// Returns a value in planes.
  private Value in(Value value, Planes planes) {
    Map<@Nullable Planes, Value> all = forms(value);
    Value there = all.get(planes);
    if (there != null) {
      return there;
    }
    Value source = all.get(null);
    if (source == null) {
      source = all.values().iterator().next();
      Planes own = source.planes();
      if (own == null || own.isTurned() || planes.isTurned()) {
        plain(value);
        source = value;
      }
    }
    Value target = value.in(planes);
    copy(value, source, target);
    return target;
  }

  private void copy(Value value, Value from, Value to) {
    Operator operator = Operator.of(_ -> PlaneCopies.copy(from, to));
    var node =
        new Node(
            value.name() + "/layout",
            "Identity",
            "",
            List.of(value.name()),
            List.of(value.name()),
            Map.of());
    operations.add(new Operation(new Operands(node, List.of(from), List.of(to), 0), operator));
    add(value, to);
  }

  private void layer(Operation operation, LayerFormat format) {
    Layer layer = operation.layer();
    if (layer == null) {
      throw new IllegalStateException("'%s' is no layer".formatted(operation.out()));
    }
    Layouts layouts = plan.layouts(operation);
    Value residual = operation.operands().optional(Layer.RESIDUAL);
    boolean isPlain = format.kind() == LayerFormat.Kind.POINTS;
    boolean isTurned = format.kind() == LayerFormat.Kind.TOKENS;
    var read = new Planes(layouts.input(), isTurned);
    var written = new Planes(layouts.output(), isTurned);
    Value input = isPlain ? row(operation.in(0)) : in(operation.in(0), read);
    Value added = residual == null ? null : isPlain ? row(residual) : in(residual, written);
    Value output = isPlain ? operation.out() : operation.out().in(written);
    CompiledLayer compiled =
        CompiledLayer.compile(
            format.shape(), weights(operation, layer), epilogue(operation, layer), layouts, choice);
    resources.add(operation.node().label(), compiled);
    List<@Nullable Value> inputs = new ArrayList<>();
    inputs.add(input);
    inputs.add(added);
    Operator operator = Operator.of(_ -> new Compiled(compiled, input, added, output));
    operations.add(
        new Operation(
            new Operands(operation.node(), inputs, List.of(output), operation.operands().opset()),
            operator));
    add(operation.out(), output);
  }

  private Value row(Value value) {
    plain(value);
    return value;
  }

  /// Returns the weights in the kernels' order, `[outputs, inputs, …]`.
  private static float[] weights(Operation operation, Layer layer) {
    float[] weights = operation.in(1).floats();
    if (layer.kind() != Layer.Kind.LINEAR) {
      return weights;
    }
    int inputs = operation.in(1).size(0);
    int outputs = operation.in(1).size(1);
    var turned = new float[weights.length];
    for (int i = 0; i < inputs; i++) {
      for (int o = 0; o < outputs; o++) {
        turned[o * inputs + i] = weights[i * outputs + o];
      }
    }
    return turned;
  }

  private static Epilogue epilogue(Operation operation, Layer layer) {
    Epilogue epilogue = Epilogue.NONE;
    Value bias = operation.operands().optional(2);
    if (bias != null) {
      epilogue = epilogue.withBias(bias.floats());
    }
    if (operation.operands().has(Layer.RESIDUAL)) {
      epilogue = epilogue.withResidual();
    }
    Activation activation = layer.activation();
    return switch (activation.kind()) {
      case NONE -> epilogue;
      case RELU -> epilogue.withRelu();
      case CLIP -> epilogue.withClip(activation.alpha(), activation.beta());
      case SIGMOID -> epilogue.withActivation(falcon.runtime.loop.Activation.SIGMOID);
      case SWISH -> epilogue.withActivation(falcon.runtime.loop.Activation.SILU);
      case HARD_SWISH -> epilogue.withActivation(falcon.runtime.loop.Activation.HARD_SWISH);
      case GELU -> epilogue.withActivation(falcon.runtime.loop.Activation.GELU);
      case LEAKY_RELU, HARD_SIGMOID, GELU_TANH, TANH, ERF, EXP ->
          throw new IllegalStateException("layers take in no " + activation.kind());
    };
  }

  /// A compiled layer with its places.
  private static final class Compiled implements Step {
    private final CompiledLayer layer;
    private final MemorySegment input;
    private final @Nullable MemorySegment residual;
    private final MemorySegment output;
    private final int parts;

    Compiled(CompiledLayer layer, Value input, @Nullable Value residual, Value output) {
      this.layer = layer;
      this.input = input.room();
      this.residual = residual == null ? null : residual.room();
      this.output = output.room();
      this.parts = layer.parts();
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      layer.run(input, residual, output, part);
    }
  }
}
