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
  private final Task[] tasks;
  private final List<String> labels;
  private final SequencedMap<String, Value> inputs;
  private final SequencedMap<String, Value> outputs;
  private final Resources resources;
  private final long bytes;

  /// @param labels what each step computes: operator and name of its node
  /// @param resources owner of all native memory; handed over
  /// @param bytes size of the computed values' memory
  Program(List<Step> steps, List<String> labels, Graph graph, Resources resources, long bytes) {
    this.tasks = steps.stream().map(Task::new).toArray(Task[]::new);
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
    for (Task task : tasks) {
      workers.run(task);
    }
  }

  /// Returns what each step computes: operator and name of its node.
  public List<String> labels() {
    return labels;
  }

  /// Computes the outputs as [#run] does, and adds up what each step took.
  ///
  /// @param nanoseconds a sum for each of [#labels]
  public void run(Workers workers, long[] nanoseconds) {
    for (int i = 0; i < tasks.length; i++) {
      long begin = System.nanoTime();
      workers.run(tasks[i]);
      nanoseconds[i] += System.nanoTime() - begin;
    }
  }

  @Override
  public void close() {
    resources.close();
  }
}
