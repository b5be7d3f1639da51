package falcon.torch.training;

import falcon.torch.execution.ChunkWork;
import falcon.torch.gradient.LossGradients;
import java.util.ArrayList;

/// The gradient of a refinement's loss by a chunk of samples: what a step adds up where chunks are
/// mapped in other processes. The networks are the dense one and the one that is refined.
///
/// @param names parameters to differentiate by
/// @param watched values that the loss reads besides the outputs
/// @param distance the loss
record RefinementWork(
    ArrayList<String> names, ArrayList<String> watched, DenseDistance.Sent distance)
    implements ChunkWork<LossGradients.Sent> {
  @Override
  public LossGradients.Sent of(Task task) {
    try (DenseDistance loss = distance.received(task.network())) {
      return LossGradients.ofChunk(
          task.networks().getLast(),
          names,
          watched,
          task.batch(),
          (execution, batch, _) -> loss.of(execution, batch));
    }
  }
}
