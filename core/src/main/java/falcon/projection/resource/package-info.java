/// The projection for any number of resources.
///
/// Read [falcon.projection.resource.ResourceProjection] first: `CostOrder` makes weights of equal
/// cost adjacent, `ResourceRows` finds the budgets that bind.
///
/// Source: ours, after FALCON (arXiv:2403.07094), section 2. Imports `falcon.projection` for the
/// case of two budgets; must not be imported by it, nor import `falcon.quadratic` or
/// `falcon.leastsquares`.
@NullMarked
package falcon.projection.resource;

import org.jspecify.annotations.NullMarked;
