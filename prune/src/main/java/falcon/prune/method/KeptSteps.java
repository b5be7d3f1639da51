package falcon.prune.method;

import falcon.model.StateDict;
import falcon.model.safetensors.TensorPart;
import falcon.prune.storage.CheckpointFile;
import falcon.prune.storage.CheckpointFolder;
import falcon.prune.storage.CheckpointSchedule;
import falcon.torch.training.StepCheckpoints;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The state of a refinement, or of a retraining, in a file; each later state replaces it.
public final class KeptSteps implements StepCheckpoints {
  /// The name of the part of a stage that a refinement is.
  public static final String REFINEMENT = "refinement";

  /// The name of the part of a stage that a retraining is.
  public static final String RETRAINING = "retraining";

  private static final String ARRAY = "array/";
  private static final String SCALES = "scales";
  private static final String DONE = "done";
  private static final String TEXT = "text/";

  private final CheckpointFolder folder;
  private final CheckpointFile file;
  private final CheckpointSchedule schedule;
  private final String part;

  /// Creates a store of the states of steps.
  ///
  /// @param part what the steps are: [#REFINEMENT] or [#RETRAINING]
  /// @param folder the stage's folder
  /// @param file the file that each state replaces
  /// @param schedule decides which states are kept
  public KeptSteps(
      String part, CheckpointFolder folder, CheckpointFile file, CheckpointSchedule schedule) {
    this.part = part;
    this.folder = folder;
    this.file = file;
    this.schedule = schedule;
  }

  @Override
  public @Nullable State last() {
    State state = folder.read(file, part, KeptSteps::state);
    if (state != null) {
      folder.goOn(file, "step %d of the %s".formatted(state.done() + 1, part), state.done());
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
                      ? "the end of the " + part
                      : "step %d of %d of the %s".formatted(done + 1, steps, part),
                  () -> write(state.get())));
    }
  }

  private void write(State state) {
    var parts = new LinkedHashMap<String, TensorPart>();
    parts.put(SCALES, CheckpointFile.part(state.scales()));
    state.arrays().forEach((name, array) -> parts.put(ARRAY + name, TensorPart.ofFloats(array)));
    var texts = new LinkedHashMap<String, String>();
    texts.put(DONE, Integer.toString(state.done()));
    state.texts().forEach((name, text) -> texts.put(TEXT + name, text));
    file.write(parts, texts);
  }

  private static State state(StateDict content) throws CheckpointFile.UnusableException {
    var arrays = new LinkedHashMap<String, float[]>();
    CheckpointFile.below(content, ARRAY)
        .forEach((name, tensor) -> arrays.put(name, tensor.toFloats()));
    return new State(
        Integer.parseInt(content.metadata().getOrDefault(DONE, "")),
        CheckpointFile.numbers(CheckpointFile.tensor(content, SCALES)),
        arrays,
        texts(content));
  }

  private static Map<String, String> texts(StateDict content) {
    var texts = new LinkedHashMap<String, String>();
    content
        .metadata()
        .forEach((name, text) -> {
          if (name.startsWith(TEXT)) {
            texts.put(name.substring(TEXT.length()), text);
          }
        });
    return texts;
  }
}
