package falcon.torch;

import falcon.model.Network;

/// A network with its weights in libtorch, ready to be executed on any thread; closed by its owner.
final class LoadedNetwork implements AutoCloseable {
  private final GraphProgram program;
  private final Parameters parameters;

  LoadedNetwork(Network network, Precision precision) {
    this.program = new GraphProgram(network);
    this.parameters = new Parameters(network, precision);
    fold();
  }

  /// Computes what needs computing once only.
  private void fold() {
    try (var execution = new GraphExecution(program, parameters, false)) {
      for (int node : program.foldable()) {
        execution.fold(node);
      }
    }
  }

  GraphProgram program() {
    return program;
  }

  Parameters parameters() {
    return parameters;
  }

  /// Starts an execution in eval mode.
  GraphExecution start(SampleBatch batch) {
    return start(batch, false);
  }

  GraphExecution start(SampleBatch batch, boolean batchStatistics) {
    return new GraphExecution(
        program, parameters, Chunks.inputs(batch, parameters.precision()), batchStatistics);
  }

  @Override
  public void close() {
    parameters.close();
  }
}
