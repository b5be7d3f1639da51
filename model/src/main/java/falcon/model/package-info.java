/// A network as data: the graph, its tensors, what its weights cost.
///
/// Read [Network] first, then [Layers]. File formats have packages of their own below this one;
/// this one must not import them.
@NullMarked
package falcon.model;

import org.jspecify.annotations.NullMarked;
