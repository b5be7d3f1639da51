/// The loops over a layer's kept weights, on native memory, in plain Java.
///
/// Must not import any package of Falcon.
@NullMarked
package falcon.runtime.kernel;

import org.jspecify.annotations.NullMarked;
