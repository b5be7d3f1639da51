/// Weights in groups of equal cost, ordered by saliency: the input of all solvers of the
/// projection.
///
/// Read [falcon.projection.group.CostClasses] first: it puts layers of equal cost into one class;
/// `ClassGroups` holds a class's weights around its threshold, `SaliencyHistogram` counts them
/// without sorting, `LayerLimits` are the bounds that single layers have.
///
/// Source: FALCON (arXiv:2403.07094), section 2. Must not import the solvers (`dual`, `integer`,
/// `resource`) or `falcon.projection`.
@NullMarked
package falcon.projection.group;

import org.jspecify.annotations.NullMarked;
