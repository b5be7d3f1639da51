package falcon.prune.method;

import falcon.model.Network;
import falcon.prune.report.StageNote;
import falcon.torch.execution.SampleLosses;
import falcon.torch.sample.SampleSource;
import org.jspecify.annotations.Nullable;

/// The choice between two outcomes of a stage by how far their outputs on held-out samples are from
/// the dense network's. It compares squared errors, whatever the run is judged by, because they
/// differ measurably on so few samples where accuracy on their labels does not. The test split is
/// never read.
final class OutcomeSelection {
  /// The greatest squared error after a refinement, as a multiple of the one before it.
  private static final double GREATEST_GROWTH = 2;

  private final PruningMethod.Setting setting;
  private final SampleSource samples;
  private @Nullable Network lastJudged;
  private @Nullable SampleLosses lastErrors;

  /// @param most held-out samples to look at
  OutcomeSelection(PruningMethod.Setting setting, int most) {
    this.setting = setting;
    this.samples = setting.samples().validation(most);
  }

  /// Returns the outcome of the support search or the outcome of the mask that the search starts
  /// from, whichever has the smaller error; the search's if they are equal or no samples are held
  /// out.
  ///
  /// A search on the layers' own errors ignores errors that propagate through time, or through a
  /// layer a second time, and these may cancel its gains in each layer.
  /// @return the better outcome, with a note that states the two errors
  PruningMethod.Outcome better(PruningMethod.Outcome searched, PruningMethod.Outcome start) {
    if (samples.size() == 0) {
      return searched;
    }
    double ofSearched = errors(searched.network()).percent();
    double ofStart = errors(start.network()).percent();
    boolean isSearched = !(ofStart > ofSearched);
    return (isSearched ? searched : start)
        .withNote(new StageNote.SupportChoice(isSearched, samples.size(), ofSearched, ofStart));
  }

  /// Returns the refined outcome, or the one before if refinement took the outputs further from the
  /// dense network's than they were, beyond chance or to more than twice the squared error. A few
  /// steps on few samples can be worse than none, above all where outputs vary little, so that a
  /// step is large relative to their variation.
  ///
  /// @param refined the network of `before` after refinement, with the same support
  PruningMethod.Outcome unlessHarmful(PruningMethod.Outcome before, Network refined) {
    var after = new PruningMethod.Outcome(refined, before.projection(), null, before.notes());
    if (samples.size() == 0) {
      return after;
    }
    SampleLosses ofBefore = errors(before.network());
    SampleLosses ofAfter = errors(refined);
    return isHarm(ofBefore, ofAfter)
        ? before.withNote(
            new StageNote.HarmfulRefinement(samples.size(), ofBefore.percent(), ofAfter.percent()))
        : after;
  }

  /// Returns whether refinement did harm. With four samples or fewer no difference is beyond
  /// chance, hence the second rule.
  private static boolean isHarm(SampleLosses before, SampleLosses after) {
    double error = 100 - before.percent();
    if (Double.isNaN(after.percent())) {
      return true;
    }
    return after.isWorseThan(before) || 100 - after.percent() > GREATEST_GROWTH * error;
  }

  /// Returns the errors of a network; the latest result is kept.
  private SampleLosses errors(Network network) {
    if (network != lastJudged || lastErrors == null) {
      lastErrors =
          setting
              .clock()
              .time(
                  "validation",
                  () ->
                      SampleLosses.outputErrors(
                          setting.dense(), network, samples, setting.workers()));
      lastJudged = network;
    }
    return lastErrors;
  }
}
