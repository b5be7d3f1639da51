/// Shape inference: the shapes of a network's values, from those of its inputs.
///
/// Read [falcon.model.shape.ShapeInference] first; the rules of single operators are in
/// `falcon.model.operator`. `ControlFlow` inlines the bodies that constants and shapes determine.
///
/// The package must not import `falcon.model.layer` or a file format.
@NullMarked
package falcon.model.shape;

import org.jspecify.annotations.NullMarked;
