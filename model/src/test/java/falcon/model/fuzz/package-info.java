/// Hostile files: every reader of model files is given damaged and made-up ones.
///
/// Read [ReaderFuzzTest] first.
@NullMarked
package falcon.model.fuzz;

import org.jspecify.annotations.NullMarked;
