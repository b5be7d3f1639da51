/// Everything that uses libtorch: execution of a network, per-sample gradients, inputs and outputs
/// of layers, BatchNorm refresh, training.
///
/// Read [falcon.torch.execution.GraphExecution] first. This package holds what all packages below
/// it share: tensors, precision, exceptions; it must not import them. No other shipped module
/// imports `org.bytedeco`: libtorch's objects stay inside, arrays and records leave. It knows no
/// budgets.
@NullMarked
package falcon.torch;

import org.jspecify.annotations.NullMarked;
