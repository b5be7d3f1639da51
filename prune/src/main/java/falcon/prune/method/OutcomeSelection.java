package falcon.prune.method;

import falcon.model.Network;
import falcon.prune.evaluation.Judge;
import falcon.prune.options.Measure;
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

  /// Calibration samples below which magnitude pruning is compared by the run's own measure, too.
  private static final int FEW_SAMPLES = 512;

  /// Held-out samples, at most, for that comparison: labels tell less than errors do.
  private static final int MEASURED_SAMPLES = 512;

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

  /// The outcome of magnitude pruning, if it does better on held-out samples than the one found.
  ///
  /// Where samples for calibration are few, the run's own measure decides, if it tells the two
  /// apart beyond chance; otherwise the smaller error of the outputs does.
  ///
  /// @param magnitude the dense weights of greatest squares, within the budget
  /// @return one of the two; with a note if it is magnitude's
  PruningMethod.Outcome unlessMagnitudeIsBetter(
      PruningMethod.Outcome found, PruningMethod.Outcome magnitude) {
    if (samples.size() == 0) {
      return found;
    }
    StageNote.MagnitudeChoice choice = comparison(found.network(), magnitude.network());
    return choice.isMagnitudeBetter()
        ? new PruningMethod.Outcome(
                magnitude.network(), magnitude.projection(), null, found.notes())
            .withNote(choice)
        : found;
  }

  private StageNote.MagnitudeChoice comparison(Network found, Network magnitude) {
    Measure measure = setting.samples().match().measure();
    if (measure != Measure.FIDELITY && setting.plan().samples() < FEW_SAMPLES) {
      SampleSource judged = setting.samples().validation(MEASURED_SAMPLES);
      var judge = new Judge(measure, setting.dense(), judged, setting.workers());
      SampleLosses ofFound = setting.clock().time("validation", () -> judge.of(found));
      SampleLosses ofMagnitude = setting.clock().time("validation", () -> judge.of(magnitude));
      if (ofFound.isWorseThan(ofMagnitude) || ofMagnitude.isWorseThan(ofFound)) {
        return new StageNote.MagnitudeChoice(
            measure.id(), judged.size(), ofFound.percent(), ofMagnitude.percent());
      }
    }
    double ofFound = errors(found).percent();
    return new StageNote.MagnitudeChoice(
        Measure.FIDELITY.id(), samples.size(), ofFound, errors(magnitude).percent());
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
