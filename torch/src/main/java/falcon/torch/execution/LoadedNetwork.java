package falcon.torch.execution;

import falcon.model.BatchAxis;
import falcon.model.DataType;
import falcon.model.ExamplesFirst;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import falcon.torch.Precision;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.operator.Operators;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// A network with its weights in libtorch, ready to be executed on any thread; closed by its owner.
public final class LoadedNetwork implements AutoCloseable {
  private final GraphProgram program;
  private final Parameters parameters;

  /// Loads a network, as [ExamplesFirst] arranges it.
  public LoadedNetwork(Network network, Precision precision) {
    Network executed = ExamplesFirst.of(network);
    this.program = new GraphProgram(executed);
    this.parameters = new Parameters(executed, precision);
    fold();
  }

  /// Whether a node's operator is known here; one of its options may still be refused when it is
  /// run.
  public static boolean canRun(Node node) {
    return Operators.supports(node);
  }

  /// Computes the values that need to be computed only once.
  private void fold() {
    try (var execution = new GraphExecution(program, parameters, false)) {
      for (int node : program.foldable()) {
        execution.fold(node);
      }
    }
  }

  public GraphProgram program() {
    return program;
  }

  public Parameters parameters() {
    return parameters;
  }

  /// Divides samples into chunks: of the network's fixed size, or else of the default size.
  public SampleChunks chunks(SampleSource samples) {
    return chunks(samples.size(), SampleChunks.DEFAULT_SIZE);
  }

  /// @param size size of a chunk if the network accepts any number of samples
  public SampleChunks chunks(int samples, int size) {
    Integer fixed = fixedBatch();
    return fixed == null ? new SampleChunks(samples, size) : new SampleChunks(samples, fixed, true);
  }

  /// Returns the number of samples in a batch: the wanted one, or the one that the network fixes.
  public int batchSize(int wanted) {
    Integer fixed = fixedBatch();
    return fixed == null ? wanted : fixed;
  }

  /// Returns the number of samples that the network takes at a time, null if any number.
  ///
  /// @throws UnsupportedNetworkException if its inputs have no axis of samples; it still runs on
  ///     tensors
  private @Nullable Integer fixedBatch() {
    try {
      return BatchAxis.fixedSize(program.network());
    } catch (IllegalArgumentException e) {
      throw new UnsupportedNetworkException(
          "Samples cannot be run through the network: %s.".formatted(e.getMessage()));
    }
  }

  /// Requires that the output holds a result for each sample.
  ///
  /// @return the output
  /// @throws UnsupportedNetworkException if it does not
  Tensor perSample(Tensor output, int samples) {
    if (output.dim() == 0 || output.numel() < samples) {
      throw new UnsupportedNetworkException(
          "The output '%s' has the shape %s, which holds no result for each of %d samples."
              .formatted(program.output(), Arrays.toString(output.shape()), samples));
    }
    return output;
  }

  /// Starts an execution in eval mode.
  public GraphExecution start(SampleBatch batch) {
    return start(batch, false);
  }

  /// @param batch no more samples than the network takes; fewer are padded
  public GraphExecution start(SampleBatch batch, boolean batchStatistics) {
    requireTypes(batch);
    int size = batchSize(batch.size());
    if (batch.size() > size) {
      throw new IllegalArgumentException(
          "%d samples for a network that takes %d at a time".formatted(batch.size(), size));
    }
    var execution =
        new GraphExecution(
            program,
            parameters,
            SampleChunks.inputs(batch.filledUp(size), parameters.precision()),
            batchStatistics);
    execution.nameSamples(batch.numbers());
    return execution;
  }

  private void requireTypes(SampleBatch batch) {
    List<ValueInfo> wanted = program.network().inputs();
    for (int i = 0; i < Math.min(wanted.size(), batch.inputs().size()); i++) {
      DataType type = wanted.get(i).type();
      InputArray given = batch.inputs().get(i);
      boolean fits =
          type == null
              || (type.isFloatingPoint() ? given.type().isFloatingPoint() : type == given.type());
      if (!fits) {
        throw new UnsupportedNetworkException(
            "Input '%s' got samples of type %s.".formatted(wanted.get(i), given.type()));
      }
    }
  }

  /// Starts an execution in eval mode.
  ///
  /// @param inputs one for each input of the network; the caller's references are handed over
  public GraphExecution start(List<Tensor> inputs) {
    return new GraphExecution(program, parameters, inputs, false);
  }

  /// Requires that the main output holds floating-point numbers, which gradients need.
  ///
  /// @throws UnsupportedNetworkException if it does not; names it
  public void requireReal(Tensor output) {
    if (!output.is_floating_point()) {
      throw new UnsupportedNetworkException(
          "%soutput '%s' holds whole numbers, which nothing can be fitted to.%nChoose another output (%s)."
              .formatted(program.network().place(), program.output(), ModelOption.OUTPUT));
    }
  }

  @Override
  public void close() {
    parameters.close();
  }
}
