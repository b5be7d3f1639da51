package falcon.prune.method;

import com.fasterxml.jackson.databind.node.ArrayNode;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.safetensors.TensorPart;
import falcon.projection.Projection;
import falcon.prune.report.StageNote;
import falcon.prune.storage.CheckpointFile;
import falcon.prune.storage.Json;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/// The stored form of projections and outcomes: the mask's bits, the numbers, and the tensors that
/// differ from the dense network's.
///
/// @param dense the network that the run prunes
/// @param costs costs of the prunable weights
public record KeptOutcome(Network dense, CostTable costs) {
  private static final String MASK = "mask";
  private static final String NUMBERS = "projection";
  private static final String NETWORK = "network/";
  private static final String NOTES = "notes";
  private static final String EFFECTIVE_ROWS = "effectiveRows";

  /// Writes a projection.
  public void write(Projection projection, CheckpointFile file) {
    file.write(parts(projection), Map.of());
  }

  /// Writes an outcome: its projection, its notes, and the tensors that differ from the dense ones.
  public void write(PruningMethod.Outcome outcome, CheckpointFile file) {
    SequencedMap<String, TensorPart> parts = parts(outcome.projection());
    outcome
        .network()
        .initializers()
        .forEach((name, tensor) -> {
          if (!Objects.equals(tensor, dense.initializers().get(name))) {
            parts.put(NETWORK + name, TensorPart.of(tensor));
          }
        });
    var texts = new LinkedHashMap<String, String>();
    ArrayNode notes = Json.object().putArray(NOTES);
    StageNote.write(outcome.notes(), notes);
    texts.put(NOTES, Json.text(notes));
    if (outcome.effectiveRows() != null) {
      texts.put(EFFECTIVE_ROWS, outcome.effectiveRows().toString());
    }
    file.write(parts, texts);
  }

  private static SequencedMap<String, TensorPart> parts(Projection projection) {
    Mask mask = projection.mask();
    var words = new long[Mask.wordCount(mask.weightCount())];
    for (int i = 0; i < words.length; i++) {
      words[i] = mask.word(i);
    }
    var parts = new LinkedHashMap<String, TensorPart>();
    parts.put(MASK, TensorPart.of(Tensor.ofLongs(List.of((long) words.length), words)));
    parts.put(NUMBERS, CheckpointFile.part(ProjectionNumbers.of(projection)));
    return parts;
  }

  /// @throws IllegalArgumentException if the content is a projection of other weights
  public Projection projection(StateDict content) throws CheckpointFile.UnusableException {
    long[] words = CheckpointFile.tensor(content, MASK).toLongs();
    return ProjectionNumbers.projection(
        Mask.ofWords(costs.weightCount(), words),
        CheckpointFile.numbers(CheckpointFile.tensor(content, NUMBERS)),
        costs.further().resources());
  }

  /// @throws IllegalArgumentException if the content is an outcome of another network
  public PruningMethod.Outcome outcome(StateDict content) throws CheckpointFile.UnusableException {
    var changed = new LinkedHashMap<String, Tensor>();
    CheckpointFile.below(content, NETWORK)
        .forEach((name, tensor) -> changed.put(name, onHeap(tensor)));
    List<StageNote> notes =
        StageNote.read(Json.parse(content.metadata().getOrDefault(NOTES, "[]")));
    String effectiveRows = content.metadata().get(EFFECTIVE_ROWS);
    return new PruningMethod.Outcome(
        dense.withTensors(changed),
        projection(content),
        effectiveRows == null ? null : Double.valueOf(effectiveRows),
        notes);
  }

  /// Copies a tensor out of the file, which is removed when the stage is done.
  private static Tensor onHeap(Tensor mapped) {
    ByteBuffer bytes = mapped.bytes();
    var copy = new byte[bytes.remaining()];
    bytes.get(copy);
    DataType type = mapped.type();
    return Tensor.ofBytes(type, mapped.shape(), copy);
  }
}
