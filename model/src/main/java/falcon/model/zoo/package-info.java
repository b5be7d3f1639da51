/// Built-in architectures, for weights that come without a graph.
///
/// Read [Architecture] first. Must not import any file format's package.
@NullMarked
package falcon.model.zoo;

import org.jspecify.annotations.NullMarked;
