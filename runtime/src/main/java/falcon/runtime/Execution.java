package falcon.runtime;

import falcon.model.DataType;
import falcon.model.Tensor;
import falcon.runtime.operator.Tensors;
import falcon.runtime.operator.Value;
import falcon.runtime.program.Program;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SequencedSet;

/// A network that is ready for one set of input shapes, with native memory that inputs are written
/// into and outputs are read from: the way to run without any allocation on the heap.
///
/// ```
/// try (Execution execution = runtime.prepare(Map.of("input", List.of(1L, 3L, 32L, 32L)))) {
///   MemorySegment input = execution.input("input");
///   MemorySegment logits = execution.output("logits");
///   input.setAtIndex(ValueLayout.JAVA_FLOAT, 0, …);
///   execution.run();
///   float first = logits.getAtIndex(ValueLayout.JAVA_FLOAT, 0);
/// }
/// ```
///
/// Elements are row-major, in the byte order of the processor. Real numbers of all types are stored
/// as float32, whole numbers of all types as 64-bit integers, truth values as one byte, 0 or 1.
///
/// Not thread-safe: one thread at a time writes inputs, runs and reads outputs. Several executions
/// of one runtime may be used by several threads; their runs come one after the other.
public final class Execution implements AutoCloseable {
  private final FalconRuntime runtime;
  private final Program program;
  private final SequencedMap<String, MemorySegment> inputs;
  private final SequencedMap<String, MemorySegment> outputs;

  Execution(FalconRuntime runtime, Program program) {
    this.runtime = runtime;
    this.program = program;
    inputs = places(program.inputs());
    outputs = places(program.outputs());
  }

  private static SequencedMap<String, MemorySegment> places(SequencedMap<String, Value> values) {
    var places = new LinkedHashMap<String, MemorySegment>();
    values.forEach((name, value) -> places.put(name, value.memory()));
    return Collections.unmodifiableSequencedMap(places);
  }

  Program program() {
    return program;
  }

  /// Returns the names of the inputs.
  public SequencedSet<String> inputs() {
    return inputs.sequencedKeySet();
  }

  /// Returns the names of the outputs, in the network's order.
  public SequencedSet<String> outputs() {
    return outputs.sequencedKeySet();
  }

  /// Returns the memory of an input; it keeps what is written into it from run to run.
  ///
  /// @return valid until this is closed
  /// @throws IllegalArgumentException if there is no such input: names those there are
  public MemorySegment input(String name) {
    return place(inputs, name, "input");
  }

  /// Returns the memory of an output, which each run fills; its content must not be changed.
  ///
  /// @return valid until this is closed
  /// @throws IllegalArgumentException if there is no such output: names those there are
  public MemorySegment output(String name) {
    return place(outputs, name, "output");
  }

  private static MemorySegment place(
      SequencedMap<String, MemorySegment> places, String name, String kind) {
    MemorySegment place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException(
          "there is no %s '%s'; the %ss are %s".formatted(kind, name, kind, places.keySet()));
    }
    return place;
  }

  /// Writes an input.
  ///
  /// @param tensor of the input's shape and type
  /// @throws IllegalArgumentException if there is no such input, or it has another shape or type
  public void write(String name, Tensor tensor) {
    MemorySegment memory = input(name);
    if (!tensor.shape().equals(shape(name)) || tensor.type() != type(name)) {
      throw new IllegalArgumentException(
          "input '%s' is %s %s, not %s %s"
              .formatted(name, type(name), shape(name), tensor.type(), tensor.shape()));
    }
    Tensors.write(tensor, memory);
  }

  /// Returns a copy of an output.
  ///
  /// @throws IllegalArgumentException if there is no such output
  public Tensor read(String name) {
    return Tensors.read(output(name), value(name).form());
  }

  /// Returns the shape of an input or an output.
  ///
  /// @throws IllegalArgumentException if there is none of that name
  public List<Long> shape(String name) {
    return value(name).form().shape();
  }

  /// Returns the element type of an input or an output in the file.
  ///
  /// @throws IllegalArgumentException if there is none of that name
  public DataType type(String name) {
    return value(name).type();
  }

  private Value value(String name) {
    Value input = program.inputs().get(name);
    Value value = input == null ? program.outputs().get(name) : input;
    if (value == null) {
      throw new IllegalArgumentException(
          "there is no input or output '%s'; there are %s and %s"
              .formatted(name, inputs.keySet(), outputs.keySet()));
    }
    return value;
  }

  /// Returns what each layer was compiled to, in the order in which they run; empty for
  /// [KernelChoice#PLAIN].
  public List<LayerSummary> layers() {
    return program.layers().entrySet().stream()
        .map(layer ->
            new LayerSummary(
                layer.getKey(),
                KernelChoice.valueOf(layer.getValue().choice().name()),
                layer.getValue().kept(),
                layer.getValue().weights(),
                layer.getValue().macs(),
                layer.getValue().streamBytes()))
        .toList();
  }

  /// Returns the native memory of inputs, outputs and all values in between, in bytes.
  public long valueBytes() {
    return program.valueBytes();
  }

  /// Computes the outputs from what the inputs' memory holds.
  ///
  /// @throws IllegalStateException if this or the runtime is closed
  /// @throws IndexOutOfBoundsException if an index among the inputs is outside the axis that it
  ///     addresses: names the node
  public void run() {
    runtime.run(this, null);
  }

  /// Returns operator and name of the node behind each step of a run, in order. A step may compute
  /// several nodes; it has the name of the layer among them.
  public List<String> steps() {
    return program.labels();
  }

  /// Computes the outputs like [#run], and adds the time that each step takes.
  ///
  /// @param nanos one sum for each of [#steps], in nanoseconds; changed
  /// @throws IllegalArgumentException if there are more or fewer sums than steps
  public void run(long[] nanos) {
    if (nanos.length != program.labels().size()) {
      throw new IllegalArgumentException(
          "%d sums for %d steps".formatted(nanos.length, program.labels().size()));
    }
    runtime.run(this, nanos);
  }

  /// Releases the native memory; its segments must not be used any more.
  @Override
  public void close() {
    runtime.release(this);
  }
}
