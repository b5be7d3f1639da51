/// The projection onto a budget where zeros have a pattern.
///
/// Read [falcon.projection.pattern.PatternedProjection] first: it turns the weights of a pattern
/// into items of equal worth to the integer program (`PatternItems`, by an `ItemScheme`), and the
/// chosen items back into a mask. `docs/algorithm.md` has the proofs.
///
/// Source: ours. Imports `falcon.projection` and `falcon.projection.resource`; must not be imported
/// by them.
@NullMarked
package falcon.projection.pattern;

import org.jspecify.annotations.NullMarked;
