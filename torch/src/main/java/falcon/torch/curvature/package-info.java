/// Second moments of a layer's inputs and outputs, and the least-squares problem that they define.
///
/// Read [falcon.torch.curvature.LayerMoments] first; `LayerFit` is the problem of one layer, by
/// products (`InputProducts`) or by rows (`InputRows`). Source: the layer-wise problem of OBC
/// (arXiv:2208.11580), section 3. Must not import `reconstruction` or `training`.
@NullMarked
package falcon.torch.curvature;

import org.jspecify.annotations.NullMarked;
