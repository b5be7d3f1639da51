/// Shapes: what ONNX says about the size of each operator's outputs, and values that follow from shapes.
///
/// Read [falcon.model.shape.ShapeInference] first; `ShapeRules` is the table of operators. `ControlFlow`
/// takes bodies that constants and shapes settle into the graph.
///
/// Source: ONNX operator specification. Imports `falcon.model` only; must not import `falcon.model.layer`
/// or a file format.
@NullMarked
package falcon.model.shape;

import org.jspecify.annotations.NullMarked;
