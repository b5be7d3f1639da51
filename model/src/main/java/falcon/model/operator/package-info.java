/// Operators: what ONNX says about the size of each operator's outputs, values that follow from
/// shapes, what is multiplied, and which inputs are weights.
///
/// Read [falcon.model.operator.OperatorRules] first, the table by name; each `…Shapes` class holds
/// one family. Source: ONNX operator specification. Imports `falcon.model` only; must not import
/// `falcon.model.shape`, which follows shapes through a network by these rules.
@NullMarked
package falcon.model.operator;

import org.jspecify.annotations.NullMarked;
