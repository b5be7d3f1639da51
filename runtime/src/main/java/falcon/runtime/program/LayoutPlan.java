package falcon.runtime.program;

import falcon.runtime.kernel.Extent;
import falcon.runtime.kernel.Layouts;
import falcon.runtime.kernel.Margins;
import falcon.runtime.kernel.PlaneLayout;
import falcon.runtime.operator.Layer;
import falcon.runtime.operator.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The layouts that compiled layers read and write, chosen so that most layers read what others
/// write.
///
/// Values that must have rows of one length form a *row class*: input and output of a layer without
/// strides, a layer's output and its residual. A layout has the zeros that all layers need which
/// read one of a class. A layer with strides reads a copy in the phases of its strides.
final class LayoutPlan {
  private final IdentityHashMap<Operation, LayerFormat> formats = new IdentityHashMap<>();
  private final Map<Value, RowClass> classes = new HashMap<>();

  /// Values whose rows are equally long; joined by reference.
  private static final class RowClass {
    private @Nullable RowClass joined;
    private int pitch;
    private Margins margins = Margins.NONE;

    RowClass root() {
      RowClass root = this;
      while (root.joined != null) {
        root = root.joined;
      }
      return root;
    }
  }

  /// Plans the layouts of all layers that the kernels take.
  static LayoutPlan of(Graph graph) {
    var plan = new LayoutPlan();
    var planes = new ArrayList<Operation>();
    for (Operation operation : graph.operations()) {
      LayerFormat format = LayerFormat.of(operation);
      if (format != null) {
        plan.formats.put(operation, format);
        if (format.kind() == LayerFormat.Kind.PLANES) {
          planes.add(operation);
        }
      }
    }
    planes.forEach(plan::join);
    planes.forEach(plan::surround);
    planes.forEach(plan::widen);
    return plan;
  }

  private RowClass of(Value value) {
    return classes.computeIfAbsent(value, _ -> new RowClass()).root();
  }

  private void join(Value left, Value right) {
    RowClass a = of(left);
    RowClass b = of(right);
    if (a != b) {
      b.joined = a;
    }
  }

  private void join(Operation operation) {
    LayerFormat format = format(operation);
    if (!format.isStrided()) {
      join(operation.in(0), operation.out());
    }
    Value residual = operation.operands().optional(Layer.RESIDUAL);
    if (residual != null) {
      join(operation.out(), residual);
    }
  }

  /// Gives the class of a layer's input the zeros that it needs.
  private void surround(Operation operation) {
    LayerFormat format = format(operation);
    if (!format.isStrided()) {
      RowClass input = of(operation.in(0));
      input.margins = input.margins.and(Margins.of(format.shape(), format.lanes()));
    }
  }

  /// Gives the classes of a layer rows that are long enough.
  private void widen(Operation operation) {
    LayerFormat format = format(operation);
    widen(of(operation.out()), format.output().width());
    if (!format.isStrided()) {
      widen(of(operation.in(0)), format.input().width());
      return;
    }
    Margins needed = Margins.of(format.shape(), 1);
    int width = Math.ceilDiv(format.input().width(), needed.columnPhases()) + needed.columns();
    RowClass output = of(operation.out());
    output.pitch = Math.max(output.pitch, width);
  }

  private static void widen(RowClass rows, int width) {
    rows.pitch = Math.max(rows.pitch, width + rows.margins.columns());
  }

  private LayerFormat format(Operation operation) {
    LayerFormat format = formats.get(operation);
    if (format == null) {
      throw new IllegalStateException("'%s' has no format".formatted(operation.out()));
    }
    return format;
  }

  /// Returns the format of a layer that the kernels take; null for any other operation.
  @Nullable LayerFormat formatOf(Operation operation) {
    return formats.get(operation);
  }

  /// Returns the layouts of a layer that the kernels take.
  Layouts layouts(Operation operation) {
    LayerFormat format = format(operation);
    return switch (format.kind()) {
      case POINTS ->
          new Layouts(PlaneLayout.rowMajor(format.input()), PlaneLayout.rowMajor(format.output()));
      case TOKENS -> new Layouts(tokens(format.input()), tokens(format.output()));
      case PLANES -> planes(operation, format);
    };
  }

  private static PlaneLayout tokens(Extent extent) {
    return PlaneLayout.padded(extent, Margins.NONE, 0);
  }

  private Layouts planes(Operation operation, LayerFormat format) {
    PlaneLayout output = layout(operation.out(), format.output(), format.lanes());
    if (!format.isStrided()) {
      return new Layouts(layout(operation.in(0), format.input(), format.lanes()), output);
    }
    Margins needed = Margins.of(format.shape(), 1);
    return new Layouts(PlaneLayout.padded(format.input(), needed, output.rowPitch()), output);
  }

  private PlaneLayout layout(Value value, Extent extent, int lanes) {
    RowClass rows = of(value);
    return lanes > 1
        ? PlaneLayout.imagesInLanes(extent, rows.margins)
        : PlaneLayout.padded(extent, rows.margins, rows.pitch);
  }
}
