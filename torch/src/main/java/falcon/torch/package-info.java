/// Everything that touches libtorch: execute a network, gradients of single samples, inputs and
/// outputs of layers, BatchNorm refresh, training.
///
/// Read [falcon.torch.execution.GraphExecution] first. No other package imports `org.bytedeco`;
/// libtorch's objects stay inside, arrays and records leave. Knows no budgets.
@NullMarked
package falcon.torch;

import org.jspecify.annotations.NullMarked;
