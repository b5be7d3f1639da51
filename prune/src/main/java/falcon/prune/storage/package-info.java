/// Files that are whole or not there: checkpoints, locks, JSON.
///
/// Read [falcon.prune.storage.CheckpointFile] first. Knows no run and no method (ADR 12).
@NullMarked
package falcon.prune.storage;

import org.jspecify.annotations.NullMarked;
