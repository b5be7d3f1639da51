/// Nodes that are written out as others: calls of the functions that a file defines, and operators
/// of ONNX Runtime, which optimised files have in place of ONNX's own.
///
/// Read [falcon.model.expansion.Expansion] first. Source: ONNX, `FunctionProto` in onnx.proto;
/// ONNX Runtime, ContribOperators.md. Must not import a file format.
@NullMarked
package falcon.model.expansion;

import org.jspecify.annotations.NullMarked;
