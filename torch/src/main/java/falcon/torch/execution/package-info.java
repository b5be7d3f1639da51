/// Executing a network: its nodes in order, on a batch; `falcon.torch.fusion` computes several as
/// one.
///
/// Read [falcon.torch.execution.GraphExecution] first; `GraphProgram` is the order, `Parameters`
/// are the weights as tensors, `LoadedNetwork` cuts samples into chunks, `Evaluation` judges. Must
/// not import `gradient`, `layer` or anything that changes weights.
@NullMarked
package falcon.torch.execution;

import org.jspecify.annotations.NullMarked;
