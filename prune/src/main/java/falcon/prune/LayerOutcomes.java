package falcon.prune;

import falcon.model.Network;
import falcon.prune.evaluation.CalibrationSamples;
import falcon.prune.options.Refit;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.LayerOutcome;
import falcon.prune.report.LayerOutcome.Refitted;
import falcon.prune.report.Stage;
import falcon.prune.report.StageNote;
import falcon.torch.kernel.Workers;
import falcon.torch.reconstruction.LayerErrors;
import falcon.torch.sample.SampleSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds out what became of single layers in a run.
///
/// @param dense the network before the run
/// @param plan the run's plan
/// @param hasOwnMethod whether weights were chosen by a program's own method, or the mask was given
/// @param isTraining whether a whole network was trained, so that there is nothing to come close to
record LayerOutcomes(Network dense, PruningPlan plan, boolean hasOwnMethod, boolean isTraining) {
  /// Greatest number of held-out samples that outputs are compared on.
  private static final int SAMPLES = 64;

  /// Least size of the values of both networks: where nothing is reconstructed, a plan has none.
  private static final long LEAST_BYTES = 1L << 30;

  /// Returns the outcomes by name of the layer.
  ///
  /// @param pruned the network of the result
  /// @param stages all stages, in order
  Map<String, LayerOutcome> of(
      Network pruned, List<Stage> stages, CalibrationSamples samples, Workers workers) {
    List<String> names = plan.layers().stream().map(PruningPlan.PrunableLayer::name).toList();
    List<String> measurable = LayerErrors.measurable(dense, names);
    SampleSource heldOut = samples.validation(SAMPLES);
    Map<String, Double> errors =
        heldOut.size() == 0 || isTraining
            ? Map.of()
            : LayerErrors.of(
                dense,
                pruned,
                measurable,
                heldOut,
                Math.max(plan.passBytes(), LEAST_BYTES),
                workers);
    StageNotes notes = StageNotes.of(stages);
    var outcomes = new LinkedHashMap<String, LayerOutcome>();
    for (String name : names) {
      outcomes.put(
          name,
          new LayerOutcome(errors.get(name), refitted(name, measurable.contains(name), notes)));
    }
    return outcomes;
  }

  private Refitted refitted(String name, boolean isSolvable, StageNotes notes) {
    if (hasOwnMethod) {
      return Refitted.OTHER;
    }
    if (notes.isMagnitudeTaken() || plan.refit() == Refit.NONE) {
      return Refitted.UNCHANGED;
    }
    if (plan.refit() == Refit.BACKSOLVE) {
      return Refitted.BACKSOLVE;
    }
    if (!isSolvable) {
      return Refitted.UNCHANGED;
    }
    return notes.solvedOnRows().contains(name) ? Refitted.ROWS : Refitted.PRODUCTS;
  }

  /// What the notes of the last stage that chose weights say of layers.
  private record StageNotes(Set<String> solvedOnRows, boolean isMagnitudeTaken) {
    static StageNotes of(List<Stage> stages) {
      Stage last = lastPruning(stages);
      var rows = new HashSet<String>();
      boolean isMagnitudeTaken = false;
      for (StageNote note : last == null ? List.<StageNote>of() : last.report().notes()) {
        switch (note) {
          case StageNote.SolvedOnRows(List<StageNote.RowLayer> layers) ->
              layers.forEach(layer -> rows.add(layer.tensorName()));
          case StageNote.MagnitudeChoice choice -> isMagnitudeTaken |= choice.isMagnitudeBetter();
          case StageNote.SupportChoice _, StageNote.HarmfulRefinement _ -> {}
          case StageNote.FailedRefinement _, StageNote.Remark _, StageNote.Retrained _ -> {}
        }
      }
      return new StageNotes(rows, isMagnitudeTaken);
    }

    private static @Nullable Stage lastPruning(List<Stage> stages) {
      for (Stage stage : stages.reversed()) {
        if (stage.report().notes().stream().noneMatch(StageNote.Retrained.class::isInstance)) {
          return stage;
        }
      }
      return null;
    }
  }
}
