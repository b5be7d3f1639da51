/// A network as data: the graph and its tensors.
///
/// Read [Network] first. File formats, shapes and layers have packages of their own below this one;
/// this package must not import any of them, nor any other package of Falcon.
@NullMarked
package falcon.model;

import org.jspecify.annotations.NullMarked;
