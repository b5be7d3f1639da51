/// Hostile files: every reader of model files is tested with damaged and crafted ones.
///
/// Read [ReaderFuzzTest] first.
@NullMarked
package falcon.model.fuzz;

import org.jspecify.annotations.NullMarked;
