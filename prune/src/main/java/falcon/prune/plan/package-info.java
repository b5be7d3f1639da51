/// The plan of a run, from options and a network: budgets, stages, samples, memory.
///
/// Read [falcon.prune.plan.Planner] first; its result is a `PruningPlan`. The numbers that users
/// need not choose are in `Defaults`. Source of the schedule of budgets: FALCON (arXiv:2403.07094),
/// section 4.
@NullMarked
package falcon.prune.plan;

import org.jspecify.annotations.NullMarked;
