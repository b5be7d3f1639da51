/// The resources of the machine and the needs of a run: memory, time, temporary files.
///
/// Read [falcon.prune.resources.HeapMemory] first. Must not import other packages of this module
/// but `options` and `plan`.
@NullMarked
package falcon.prune.resources;

import org.jspecify.annotations.NullMarked;
