package falcon.prune.run;

import falcon.projection.Projection;
import falcon.prune.method.KeptOutcome;
import falcon.prune.method.KeptSteps;
import falcon.prune.method.PruningMethod;
import falcon.prune.method.StageCheckpoints;
import falcon.prune.storage.CheckpointFile;
import falcon.prune.storage.CheckpointFolder;
import falcon.prune.storage.CheckpointSchedule;
import falcon.prune.storage.FileContent;
import falcon.torch.training.StepCheckpoints;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/// A stage in progress, on disk: a file for each part whose computation took long enough to be
/// worth storing, and one for the state of the refinement.
///
/// @param folder the folder of the files
/// @param schedule decides which parts and states are stored
/// @param codec the stored form of projections and outcomes
/// @param run identifier of the run, stage and settings
record BegunStage(
    CheckpointFolder folder, CheckpointSchedule schedule, KeptOutcome codec, String run)
    implements StageCheckpoints {
  @Override
  public StageCheckpoints with(String settings) {
    return new BegunStage(folder, schedule, codec, FileContent.sha256(run + "\n" + settings));
  }

  @Override
  public Projection projection(String part, Supplier<Projection> work) {
    return part(part, codec::projection, work, codec::write);
  }

  @Override
  public PruningMethod.Outcome outcome(String part, Supplier<PruningMethod.Outcome> work) {
    return part(part, codec::outcome, work, codec::write);
  }

  private <T> T part(
      String part,
      CheckpointFolder.Decoder<T> decoder,
      Supplier<T> work,
      BiConsumer<T, CheckpointFile> writer) {
    CheckpointFile file = folder.file(part, run);
    String place = "the end of the " + part;
    T kept = folder.read(file, part, decoder);
    if (kept != null) {
      folder.goOn(file, place);
      return kept;
    }
    schedule.begin(0);
    T made = work.get();
    if (schedule.isWorthKeeping()) {
      folder.write(place, () -> writer.accept(made, file));
    }
    return made;
  }

  @Override
  public StepCheckpoints refinement() {
    return steps(KeptSteps.REFINEMENT);
  }

  @Override
  public StepCheckpoints retraining() {
    return steps(KeptSteps.RETRAINING);
  }

  private StepCheckpoints steps(String part) {
    return new KeptSteps(part, folder, folder.file(part, run), schedule);
  }
}
