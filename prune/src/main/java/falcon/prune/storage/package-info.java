/// Files that are either complete or absent: checkpoints, locks, JSON.
///
/// Read [falcon.prune.storage.CheckpointFile] first. Must not import the packages of runs and
/// methods (ADR 12).
@NullMarked
package falcon.prune.storage;

import org.jspecify.annotations.NullMarked;
