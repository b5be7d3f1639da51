/// Layers: which tensors are weights, what each of them costs, and why others cannot be pruned.
///
/// Read [falcon.model.layer.Layers] first. MACs are counted per weight (FALCON, arXiv:2403.07094,
/// section 2: the cost f of a weight is the number of positions it is used at). Must not import a
/// file format.
@NullMarked
package falcon.model.layer;

import org.jspecify.annotations.NullMarked;
