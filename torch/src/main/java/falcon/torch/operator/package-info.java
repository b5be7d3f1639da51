/// The implementations of ONNX operators with libtorch.
///
/// Read [falcon.torch.operator.Operators] first, the table by name; each `…Operators` class holds
/// one family. Source: ONNX operator specification. The package must not import
/// `falcon.torch.fusion` or `falcon.torch.execution`.
@NullMarked
package falcon.torch.operator;

import org.jspecify.annotations.NullMarked;
