/// A layer as a matrix product: rows of inputs times weights.
///
/// Read [falcon.torch.layer.LayerMatrix] first: it knows all uses of a weight tensor; a
/// `LayerGeometry` makes the rows of one use (convolution, linear, recurrent, embedding). Must not
/// import `gradient`, `curvature`, `reconstruction` or `training`.
@NullMarked
package falcon.torch.layer;

import org.jspecify.annotations.NullMarked;
