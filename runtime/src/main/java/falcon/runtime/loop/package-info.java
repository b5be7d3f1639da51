/// The innermost loops of layers, by address: what they compute, in plain Java, and the choice of
/// the twin that this process uses.
///
/// Read [falcon.runtime.loop.RowLoop] first. Nothing is checked here: `falcon.runtime.kernel`
/// checks every address when it compiles a layer. Must not import any package of Falcon.
@NullMarked
package falcon.runtime.loop;

import org.jspecify.annotations.NullMarked;
