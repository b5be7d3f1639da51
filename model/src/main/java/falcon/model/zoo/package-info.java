/// Built-in architectures, for weights that come without a graph.
///
/// Read [Architecture] first. Must not import any package of Falcon but `falcon.model`.
@NullMarked
package falcon.model.zoo;

import org.jspecify.annotations.NullMarked;
