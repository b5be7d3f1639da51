/// Stored weights: how the constant of a file becomes the weights that a product uses, and how
/// changed weights become the constant again.
///
/// Read [falcon.model.stored.StoredWeights] first. Every node between constant and product is a
/// [falcon.model.stored.WeightStep] that can be run in both directions; all other rooms see the
/// weights alone. Must not import a file format.
@NullMarked
package falcon.model.stored;

import org.jspecify.annotations.NullMarked;
