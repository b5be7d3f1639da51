package falcon.cli.speed;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.prune.options.PruningException;
import falcon.runtime.Execution;
import falcon.runtime.FalconRuntime;
import falcon.runtime.LayerSummary;
import falcon.runtime.RuntimeOptions;
import falcon.runtime.UnsupportedOperatorsException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A network in Falcon's runtime.
final class FalconEngine implements Engine {
  private static final int LEAST_RUNS = 3;

  private final FalconRuntime runtime;
  private final Execution execution;

  private FalconEngine(FalconRuntime runtime, Execution execution) {
    this.runtime = runtime;
    this.execution = execution;
  }

  /// Loads a network.
  ///
  /// @param threads number of threads of a run
  /// @throws PruningException if the runtime does not take the network
  static FalconEngine load(Network network, Map<String, Tensor> inputs, int threads) {
    try {
      return loaded(network, inputs, threads);
    } catch (UnsupportedOperatorsException | UnusableNodeException e) {
      throw new PruningException(PruningException.Kind.INPUT, String.valueOf(e.getMessage()), e);
    }
  }

  private static FalconEngine loaded(Network network, Map<String, Tensor> inputs, int threads) {
    FalconRuntime runtime =
        FalconRuntime.of(network, RuntimeOptions.defaults().withThreads(threads));
    boolean isReady = false;
    try {
      var shapes = new LinkedHashMap<String, List<Long>>();
      inputs.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
      Execution execution = runtime.prepare(shapes);
      inputs.forEach(execution::write);
      isReady = true;
      return new FalconEngine(runtime, execution);
    } finally {
      if (!isReady) {
        runtime.close();
      }
    }
  }

  /// Measures the steps.
  ///
  /// @param dense the dense network in this runtime; null if there is none
  /// @param seconds time for the measurement of one network, some runs at least
  List<StepSpeed> measured(@Nullable FalconEngine dense, double seconds) {
    var layers = new HashMap<String, LayerSummary>();
    execution.layers().forEach(layer -> layers.putIfAbsent(layer.node(), layer));
    Map<String, Double> before = dense == null ? Map.of() : dense.times(seconds);
    return times(seconds).entrySet().stream()
        .map(step ->
            new StepSpeed(
                step.getKey(),
                layers.get(step.getKey()),
                step.getValue(),
                before.get(step.getKey())))
        .toList();
  }

  /// Returns the mean time of each step in milliseconds, in the order of the steps.
  private Map<String, Double> times(double seconds) {
    var nanos = new long[steps().size()];
    long begin = System.nanoTime();
    int runs = 0;
    while (runs < LEAST_RUNS || System.nanoTime() - begin < seconds * 1e9) {
      run(nanos);
      runs++;
    }
    var times = new LinkedHashMap<String, Double>();
    for (int i = 0; i < nanos.length; i++) {
      times.merge(steps().get(i), nanos[i] / 1e6 / runs, Double::sum);
    }
    return times;
  }

  /// Returns operator and name of the node of each step.
  List<String> steps() {
    return execution.steps();
  }

  /// Runs the network once, and adds the time of each step in nanoseconds.
  void run(long[] nanos) {
    execution.run(nanos);
  }

  @Override
  public void run() {
    execution.run();
  }

  @Override
  public Map<String, Tensor> outputs() {
    execution.run();
    var outputs = new LinkedHashMap<String, Tensor>();
    for (String name : execution.outputs()) {
      if (execution.type(name).isFloatingPoint()) {
        outputs.put(name, execution.read(name));
      }
    }
    return outputs;
  }

  @Override
  public void close() {
    execution.close();
    runtime.close();
  }
}
