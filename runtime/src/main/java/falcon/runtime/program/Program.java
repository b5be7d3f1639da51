package falcon.runtime.program;

import falcon.runtime.kernel.LayerReport;
import falcon.runtime.operator.Step;
import falcon.runtime.operator.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// A network that is ready to run for one set of input shapes: steps in order, and the native
/// memory of all values, which it owns. One thread at a time.
public final class Program implements AutoCloseable {
  private final Step[] steps;
  private final List<String> labels;
  private final SequencedMap<String, Value> inputs;
  private final SequencedMap<String, Value> outputs;
  private final Resources resources;
  private final long bytes;

  /// @param labels operator and name of the node of each step
  /// @param resources owner of all native memory; handed over
  /// @param bytes size of the computed values' memory
  Program(List<Step> steps, List<String> labels, Graph graph, Resources resources, long bytes) {
    this.steps = steps.toArray(Step[]::new);
    this.labels = List.copyOf(labels);
    this.resources = resources;
    this.bytes = bytes;
    inputs = byName(graph.inputs());
    outputs = byName(graph.outputs());
  }

  private static SequencedMap<String, Value> byName(List<Value> values) {
    var named = new LinkedHashMap<String, Value>();
    values.forEach(value -> named.put(value.name(), value));
    return Collections.unmodifiableSequencedMap(named);
  }

  /// Returns the inputs, by name.
  public SequencedMap<String, Value> inputs() {
    return inputs;
  }

  /// Returns the outputs, by name, in the network's order.
  public SequencedMap<String, Value> outputs() {
    return outputs;
  }

  /// Returns the native memory that inputs, outputs and values in between take, in bytes.
  public long valueBytes() {
    return bytes;
  }

  /// Returns what each compiled layer became, by the label of its node, in the order of the steps.
  public SequencedMap<String, LayerReport> layers() {
    return resources.reports();
  }

  /// Computes the outputs from the inputs that are in memory.
  public void run(Workers workers) {
    for (Step step : steps) {
      workers.run(step);
    }
  }

  /// Returns operator and name of the node of each step, in order.
  public List<String> labels() {
    return labels;
  }

  /// Computes the outputs, and adds the time of each step.
  ///
  /// @param nanos one sum for each step, in nanoseconds
  public void run(Workers workers, long[] nanos) {
    long begin = System.nanoTime();
    for (int s = 0; s < steps.length; s++) {
      workers.run(steps[s]);
      long end = System.nanoTime();
      nanos[s] += end - begin;
      begin = end;
    }
  }

  @Override
  public void close() {
    resources.close();
  }
}
