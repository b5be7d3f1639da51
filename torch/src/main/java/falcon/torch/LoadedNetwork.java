package falcon.torch;

import falcon.model.Dimension;
import falcon.model.Network;
import java.util.List;

/// A network with its weights in libtorch, ready to be executed on any thread; closed by its owner.
final class LoadedNetwork implements AutoCloseable {
  private final GraphProgram program;
  private final Parameters parameters;
  private final List<Long> sampleShape;

  LoadedNetwork(Network network, Precision precision) {
    this.program = new GraphProgram(network);
    this.sampleShape = sampleShape(network);
    this.parameters = new Parameters(network, precision);
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
        program,
        parameters,
        Chunks.input(batch, sampleShape, parameters.precision()),
        batchStatistics);
  }

  @Override
  public void close() {
    parameters.close();
  }
}
