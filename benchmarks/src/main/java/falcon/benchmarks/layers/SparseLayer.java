package falcon.benchmarks.layers;

import falcon.runtime.kernel.CompiledLayer;
import falcon.runtime.kernel.Epilogue;
import falcon.runtime.kernel.LayerChoice;
import falcon.runtime.kernel.LayerReport;
import falcon.runtime.kernel.LayoutCopy;
import falcon.runtime.kernel.Layouts;
import falcon.runtime.kernel.PlaneLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A layer of `falcon.runtime` with its input and output.
final class SparseLayer implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final CompiledLayer layer;
  private final MemorySegment input;
  private final MemorySegment output;

  SparseLayer(LayerSpec spec, float[] weights, LayerChoice choice) {
    Layouts layouts = Layouts.of(spec.shape(), spec.images());
    layer = CompiledLayer.compile(spec.shape(), weights, Epilogue.NONE, layouts, choice);
    input = arena.allocate(layer.input().bytes(), PlaneLayout.ALIGNMENT);
    output = arena.allocate(layer.output().bytes(), PlaneLayout.ALIGNMENT);
    MemorySegment plain = arena.allocateFrom(ValueLayout.JAVA_FLOAT, planes(spec));
    copy(PlaneLayout.rowMajor(layer.input().extent()), plain, layer.input(), input);
  }

  private static float[] planes(LayerSpec spec) {
    float[] values = DenseReference.input(spec);
    return spec.isLinear() ? transposed(values, spec.shape().inputs()) : values;
  }

  /// Returns `[columns, rows]` of `[rows, columns]`.
  private static float[] transposed(float[] values, int columns) {
    float[] transposed = new float[values.length];
    int rows = values.length / columns;
    for (int i = 0; i < values.length; i++) {
      transposed[i % columns * rows + i / columns] = values[i];
    }
    return transposed;
  }

  private static void copy(
      PlaneLayout from, MemorySegment source, PlaneLayout to, MemorySegment target) {
    LayoutCopy copy = LayoutCopy.of(from, to);
    for (int part = 0; part < copy.parts(); part++) {
      copy.run(source, target, part);
    }
  }

  LayerReport report() {
    return layer.report();
  }

  /// Runs the layer once.
  void run() {
    for (int part = 0; part < layer.parts(); part++) {
      layer.run(input, null, output, part);
    }
  }

  /// Returns the outputs in the order of ONNX Runtime's.
  float[] outputs(LayerSpec spec) {
    PlaneLayout plain = PlaneLayout.rowMajor(layer.output().extent());
    MemorySegment values = arena.allocate(plain.bytes(), PlaneLayout.ALIGNMENT);
    copy(layer.output(), output, plain, values);
    int count = spec.images() * spec.shape().outputs() * spec.shape().rows().outputs();
    float[] outputs =
        values
            .asSlice(0, (long) count * spec.shape().columns().outputs() * Float.BYTES)
            .toArray(ValueLayout.JAVA_FLOAT);
    return spec.isLinear() ? transposed(outputs, spec.shape().columns().outputs()) : outputs;
  }

  @Override
  public void close() {
    layer.close();
    arena.close();
  }
}
