package falcon.runtime.program;

import falcon.runtime.operator.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The operations of a network with known shapes, each after those whose values it reads.
final class Graph {
  private final List<Operation> operations;
  private final List<Value> inputs;
  private final List<Value> outputs;
  private final Map<Value, Operation> producers = new LinkedHashMap<>();
  private final Map<Value, List<Operation>> readers = new LinkedHashMap<>();
  private final Set<Value> results = new HashSet<>();

  Graph(List<Operation> operations, List<Value> inputs, List<Value> outputs) {
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    results.addAll(outputs);
    this.operations = live(operations);
    for (Operation operation : this.operations) {
      for (Value output : operation.outputs()) {
        if (output != null) {
          producers.put(output, operation);
        }
      }
      var seen = new HashSet<Value>();
      for (Value input : operation.inputs()) {
        if (input != null && seen.add(input)) {
          readers.computeIfAbsent(input, _ -> new ArrayList<>()).add(operation);
        }
      }
    }
  }

  /// Returns the operations that the outputs depend on.
  private List<Operation> live(List<Operation> all) {
    Set<Value> needed = new HashSet<>();
    needed.addAll(outputs);
    var live = new ArrayList<Operation>();
    for (Operation operation : all.reversed()) {
      if (operation.outputs().stream().anyMatch(value -> value != null && needed.contains(value))) {
        live.add(operation);
        for (Value input : operation.inputs()) {
          if (input != null) {
            needed.add(input);
          }
        }
      }
    }
    return List.copyOf(live.reversed());
  }

  /// Returns the same values with other operations.
  Graph with(List<Operation> others) {
    return new Graph(others, inputs, outputs);
  }

  List<Operation> operations() {
    return operations;
  }

  List<Value> inputs() {
    return inputs;
  }

  List<Value> outputs() {
    return outputs;
  }

  boolean isResult(Value value) {
    return results.contains(value);
  }

  /// Returns the operation that computes a value; null for an input or a constant.
  @Nullable Operation producer(@Nullable Value value) {
    return value == null ? null : producers.get(value);
  }

  /// Returns the operation that computes a value, if it is that operator; null otherwise.
  @Nullable Operation producer(@Nullable Value value, String opType) {
    Operation producer = producer(value);
    return producer != null && producer.is(opType) ? producer : null;
  }

  List<Operation> readers(Value value) {
    return readers.getOrDefault(value, List.of());
  }

  /// Returns the only operation that reads a value.
  ///
  /// @return null if there are several or none, or the value is an output of the network
  @Nullable Operation onlyReader(Value value) {
    List<Operation> all = readers(value);
    return all.size() == 1 && !isResult(value) ? all.getFirst() : null;
  }
}
