package falcon.runtime;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.ValueInfo;
import falcon.model.format.Networks;
import falcon.runtime.operator.Tensors;
import falcon.runtime.operator.Value;
import falcon.runtime.program.Compilation;
import falcon.runtime.program.MissingOperators;
import falcon.runtime.program.Program;
import falcon.runtime.program.Workers;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Runs a network for inference, in float32.
///
/// ```
/// try (FalconRuntime runtime = FalconRuntime.load(Path.of("model.onnx"))) {
///   Map<String, Tensor> outputs = runtime.run(Map.of("input", Tensor.ofFloats(shape, pixels)));
///   float[] logits = outputs.get("logits").toFloats();
/// }
/// ```
///
/// The network is compiled once for each set of input shapes; the last [#MOST_PROGRAMS] are kept.
/// [#prepare] is the way without allocation on the heap.
///
/// Thread-safe: runs of several threads come one after the other. Results have the same bits for
/// any number of threads. Weights that are zero are skipped, so that a pruned weight times infinity
/// or NaN adds nothing.
public final class FalconRuntime implements AutoCloseable {
  /// Number of compiled sets of input shapes that are kept for [#run(Map)].
  public static final int MOST_PROGRAMS = 4;

  private final Network network;
  private final KernelChoice kernels;
  private final Workers workers;
  private final ReentrantLock lock = new ReentrantLock();

  /// Programs by the shapes of the inputs, the one used last at the end.
  private final SequencedMap<Map<String, List<Long>>, Program> programs = new LinkedHashMap<>();

  private final Set<Execution> executions = new HashSet<>();
  private boolean isClosed;

  private FalconRuntime(Network network, RuntimeOptions options) {
    this.network = network;
    this.kernels = options.kernels();
    this.workers = new Workers(options.threads());
  }

  /// Loads a network with the default options.
  ///
  /// @throws MalformedModelException if the file cannot be used
  /// @throws UnsupportedOperatorsException if it has operators that are not computed here
  public static FalconRuntime load(Path file) {
    return load(file, RuntimeOptions.defaults());
  }

  /// Loads a network. If the shapes of all inputs are known, it is compiled at once.
  ///
  /// @param file an ONNX model, or another file that determines its graph
  /// @throws MalformedModelException if the file cannot be used
  /// @throws UnsupportedOperatorsException if it has operators that are not computed here: names
  ///     all
  /// @throws UnusableNodeException if a node is in a form that is not computed here
  /// @throws IllegalArgumentException if the options contradict the inputs
  public static FalconRuntime load(Path file, RuntimeOptions options) {
    return of(Networks.read(file), options);
  }

  /// Prepares a network that has been read already; as [#load(Path, RuntimeOptions)].
  ///
  /// @throws UnsupportedOperatorsException if it has operators that are not computed here: names
  ///     all
  /// @throws UnusableNodeException if a node is in a form that is not computed here
  /// @throws IllegalArgumentException if the options contradict the inputs
  public static FalconRuntime of(Network network, RuntimeOptions options) {
    List<String> missing = MissingOperators.of(network);
    if (!missing.isEmpty()) {
      throw new UnsupportedOperatorsException(network.place(), missing);
    }
    Map<String, List<Long>> shapes = InputShapes.known(network, options);
    var runtime = new FalconRuntime(network, options);
    if (shapes == null) {
      return runtime;
    }
    boolean isCompiled = false;
    try {
      runtime.program(shapes);
      isCompiled = true;
      return runtime;
    } finally {
      if (!isCompiled) {
        runtime.close();
      }
    }
  }

  /// Returns the inputs, as the file declares them.
  public List<ValueInfo> inputs() {
    return network.inputs();
  }

  /// Returns the outputs, as the file declares them.
  public List<ValueInfo> outputs() {
    return network.outputs();
  }

  /// Computes all outputs.
  ///
  /// @param inputs a tensor for each input, of its type and of a shape that it takes
  /// @return the outputs by name, in the network's order
  /// @throws IllegalArgumentException if an input is missing, unknown, or of another type or shape:
  ///     names it
  /// @throws UnusableNodeException if a node does not fit these shapes
  /// @throws IndexOutOfBoundsException if an index among the inputs is outside the axis that it
  ///     addresses: names the node
  /// @throws IllegalStateException if the runtime is closed
  public Map<String, Tensor> run(Map<String, Tensor> inputs) {
    Map<String, List<Long>> shapes = InputShapes.checked(network, inputs);
    lock.lock();
    try {
      requireOpen();
      Program program = program(shapes);
      program
          .inputs()
          .forEach((name, value) -> Tensors.write(tensor(inputs, name), value.memory()));
      program.run(workers);
      var outputs = new LinkedHashMap<String, Tensor>();
      for (Map.Entry<String, Value> output : program.outputs().entrySet()) {
        Value value = output.getValue();
        outputs.put(output.getKey(), Tensors.read(value.memory(), value.form()));
      }
      return Collections.unmodifiableMap(outputs);
    } finally {
      lock.unlock();
    }
  }

  private static Tensor tensor(Map<String, Tensor> inputs, String name) {
    Tensor tensor = inputs.get(name);
    if (tensor == null) {
      throw new IllegalStateException("input '%s' was checked".formatted(name));
    }
    return tensor;
  }

  /// Compiles the network for one set of input shapes, with memory of its own.
  ///
  /// @param shapes full shape of each input, by name
  /// @return closed by the caller, or with this runtime
  /// @throws IllegalArgumentException if an input has no shape, is unknown, or does not take its
  ///     shape: names it
  /// @throws UnusableNodeException if a node does not fit these shapes
  /// @throws IllegalStateException if the runtime is closed
  public Execution prepare(Map<String, List<Long>> shapes) {
    InputShapes.requireFit(network, shapes);
    lock.lock();
    try {
      requireOpen();
      var execution = new Execution(this, Compilation.of(network, shapes, kernels.layers()));
      executions.add(execution);
      return execution;
    } finally {
      lock.unlock();
    }
  }

  /// Returns the compiled program for shapes that fit, the one used last at the end of the queue.
  private Program program(Map<String, List<Long>> shapes) {
    Program known = programs.remove(shapes);
    if (known == null) {
      if (programs.size() >= MOST_PROGRAMS) {
        programs.pollFirstEntry().getValue().close();
      }
      known = Compilation.of(network, shapes, kernels.layers());
    }
    programs.putLast(Map.copyOf(shapes), known);
    return known;
  }

  /// @param nanos sums of the times of the steps; null if they are not wanted
  void run(Execution execution, long @Nullable [] nanos) {
    lock.lock();
    try {
      requireOpen();
      if (!executions.contains(execution)) {
        throw new IllegalStateException("the execution is closed");
      }
      if (nanos == null) {
        execution.program().run(workers);
      } else {
        execution.program().run(workers, nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  void release(Execution execution) {
    lock.lock();
    try {
      if (executions.remove(execution)) {
        execution.program().close();
      }
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() {
    if (isClosed) {
      throw new IllegalStateException("the runtime is closed");
    }
  }

  /// Ends the threads and releases all native memory, that of executions included.
  @Override
  public void close() {
    lock.lock();
    try {
      if (isClosed) {
        return;
      }
      isClosed = true;
      workers.close();
      programs.values().forEach(Program::close);
      programs.clear();
      executions.forEach(execution -> execution.program().close());
      executions.clear();
    } finally {
      lock.unlock();
    }
  }
}
