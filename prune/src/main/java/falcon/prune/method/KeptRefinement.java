package falcon.prune.method;

import falcon.model.StateDict;
import falcon.model.safetensors.TensorPart;
import falcon.prune.storage.CheckpointFile;
import falcon.prune.storage.CheckpointFolder;
import falcon.prune.storage.CheckpointSchedule;
import falcon.torch.training.RefinementCheckpoints;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The state of a refinement in a file; each later state replaces it.
public final class KeptRefinement implements RefinementCheckpoints {
  /// The name of the part of a stage that is kept.
  public static final String PART = "refinement";

  private static final String ARRAY = "array/";
  private static final String SCALES = "scales";
  private static final String DONE = "done";

  private final CheckpointFolder folder;
  private final CheckpointFile file;
  private final CheckpointSchedule schedule;

  /// Creates a store of a refinement's states.
  ///
  /// @param folder the stage's folder
  /// @param file the file that each state replaces
  /// @param schedule decides which states are kept
  public KeptRefinement(CheckpointFolder folder, CheckpointFile file, CheckpointSchedule schedule) {
    this.folder = folder;
    this.file = file;
    this.schedule = schedule;
  }

  @Override
  public @Nullable State last() {
    State state = folder.read(file, PART, KeptRefinement::state);
    if (state != null) {
      folder.goOn(file, "step %d of the refinement".formatted(state.done() + 1), state.done());
    }
    schedule.begin(state == null ? 0 : state.done());
    return state;
  }

  @Override
  public void stepDone(int done, int steps, Supplier<State> state) {
    if (schedule.isDue(done, steps)) {
      schedule.keep(
          done,
          () ->
              folder.write(
                  done == steps
                      ? "the end of the refinement"
                      : "step %d of %d of the refinement".formatted(done + 1, steps),
                  () -> write(state.get())));
    }
  }

  private void write(State state) {
    var parts = new LinkedHashMap<String, TensorPart>();
    parts.put(SCALES, CheckpointFile.part(state.scales()));
    state.arrays().forEach((name, array) -> parts.put(ARRAY + name, TensorPart.ofFloats(array)));
    file.write(parts, Map.of(DONE, Integer.toString(state.done())));
  }

  private static State state(StateDict content) throws CheckpointFile.UnusableException {
    var arrays = new LinkedHashMap<String, float[]>();
    CheckpointFile.below(content, ARRAY)
        .forEach((name, tensor) -> arrays.put(name, tensor.toFloats()));
    return new State(
        Integer.parseInt(content.metadata().getOrDefault(DONE, "")),
        CheckpointFile.numbers(CheckpointFile.tensor(content, SCALES)),
        arrays);
  }
}
