package falcon.cli.speed;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.runtime.Execution;
import falcon.runtime.FalconRuntime;
import falcon.runtime.LayerSummary;
import falcon.runtime.RuntimeOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A network in Falcon's runtime.
final class FalconEngine implements Engine {
  private final FalconRuntime runtime;
  private final Execution execution;

  private FalconEngine(FalconRuntime runtime, Execution execution) {
    this.runtime = runtime;
    this.execution = execution;
  }

  /// Loads a network.
  ///
  /// @param threads number of threads of a run
  static FalconEngine load(Network network, Map<String, Tensor> inputs, int threads) {
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

  /// Returns what the layers were compiled to.
  List<LayerSummary> layers() {
    return execution.layers();
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
