/// Network files of any format: recognised by their content, read and written.
///
/// Read [Networks] first. This package may use every other one of the module; none may use it.
@NullMarked
package falcon.model.format;

import org.jspecify.annotations.NullMarked;
