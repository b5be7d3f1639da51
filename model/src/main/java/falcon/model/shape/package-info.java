/// Shapes: how those of a network's values follow from those of its inputs.
///
/// Read [falcon.model.shape.ShapeInference] first; what each operator makes is in
/// `falcon.model.operator`. `ControlFlow` takes bodies that constants and shapes settle into the
/// graph.
///
/// Must not import `falcon.model.layer` or a file format.
@NullMarked
package falcon.model.shape;

import org.jspecify.annotations.NullMarked;
