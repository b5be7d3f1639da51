/// Execution of a network: its nodes in order, on a batch; `falcon.torch.fusion` computes several
/// as one.
///
/// Read [falcon.torch.execution.GraphExecution] first; `GraphProgram` is the order, `Parameters`
/// are the weights as tensors, `LoadedNetwork` divides samples into chunks, `Evaluation` measures
/// accuracy. The package must not import `gradient`, `layer` or any code that changes weights.
@NullMarked
package falcon.torch.execution;

import org.jspecify.annotations.NullMarked;
