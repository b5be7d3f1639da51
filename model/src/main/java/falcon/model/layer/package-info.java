/// Layers: the tensors that are weights, the cost of each, and the reasons why others cannot be
/// pruned.
///
/// Read [falcon.model.layer.Layers] first. MACs are counted per weight (FALCON, arXiv:2403.07094,
/// section 2: the cost f of a weight is the number of positions it is used at). The package must
/// not import a file format.
@NullMarked
package falcon.model.layer;

import org.jspecify.annotations.NullMarked;
