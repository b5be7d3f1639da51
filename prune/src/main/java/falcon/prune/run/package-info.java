/// A run in a folder: it is started, resumed, replaced and finished there; nothing on disk is ever
/// lost.
///
/// Read [falcon.prune.run.RunDirectory] first (ADR 12); `ResultFile` writes `result.json`,
/// `MaskTensors` the mask, `ResumableStages` resumes stages.
@NullMarked
package falcon.prune.run;

import org.jspecify.annotations.NullMarked;
