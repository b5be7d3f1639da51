/// ONNX's operators on native memory, one node at a time, in plain Java.
///
/// Start with [falcon.runtime.operator.Operators], the table, and [falcon.runtime.operator.Step],
/// which a node becomes once its shapes are known. Must not import any package of Falcon but those
/// of `falcon.model` and `falcon.runtime.kernel`.
@NullMarked
package falcon.runtime.operator;

import org.jspecify.annotations.NullMarked;
