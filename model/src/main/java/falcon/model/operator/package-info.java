/// Operator rules: the shapes of each operator's outputs, values that follow from shapes, the
/// products, and the inputs that are weights.
///
/// Read [falcon.model.operator.OperatorRules] first, the table by name; each `…Shapes` class holds
/// one family. Source: ONNX operator specification. The package imports `falcon.model` only; it
/// must not import `falcon.model.shape`, which infers shapes through a network by these rules.
@NullMarked
package falcon.model.operator;

import org.jspecify.annotations.NullMarked;
