/// The results of a run: the pruned network, its stages, the figures of the report.
///
/// Read [falcon.prune.report.Report] first. Must not import `method` or `run`.
@NullMarked
package falcon.prune.report;

import org.jspecify.annotations.NullMarked;
