/// Stored weights: how constants of a file become the weights that a product uses, and how changed
/// weights become the constants again.
///
/// Read [falcon.model.stored.StoredWeights] first. Every node between constants and product is a
/// [falcon.model.stored.WeightStep] that can be run in both directions, or a `Concat`; all other
/// rooms see the weights alone. Must not import a file format.
@NullMarked
package falcon.model.stored;

import org.jspecify.annotations.NullMarked;
