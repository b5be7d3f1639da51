/// The projection for any number of resources.
///
/// Read [falcon.projection.resource.ResourceProjection] first: `CostOrder` puts weights of equal
/// cost together, `ResourceRows` finds the budgets that bind.
///
/// Source: ours, after FALCON (arXiv:2403.07094), section 2. Must not import `falcon.projection`.
@NullMarked
package falcon.projection.resource;

import org.jspecify.annotations.NullMarked;
