package falcon.model.fuzz;

import falcon.model.pytorch.StoredEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.zip.ZipOutputStream;

/// Damages the pickle inside a checkpoint: instructions replaced, added and moved, numbers made
/// extreme; the archive around it stays intact.
final class PickleMutations {
  /// Instructions that checkpoints have, and some that they must not have.
  private static final String INSTRUCTIONS =
      "(.012NKMJGXUBTCct)]}aesu\u0085\u0086\u0087\u0088\u0089\u008a\u008c\u008d\u0090\u0091\u0093\u0094\u0095"
          + "qrhjQRbiIoV\u0081\u0092";

  private final SplittableRandom random;
  private final Mutations mutations;

  PickleMutations(SplittableRandom random, Mutations mutations) {
    this.random = random;
    this.mutations = mutations;
  }

  /// Returns a checkpoint with a damaged pickle.
  ///
  /// @param entries entries of an intact checkpoint, by name
  byte[] of(SequencedMap<String, byte[]> entries) {
    var archive = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(archive)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        byte[] content = entry.getValue();
        StoredEntry.add(
            zip, entry.getKey(), entry.getKey().endsWith(".pkl") ? damaged(content) : content);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return archive.toByteArray();
  }

  private byte[] damaged(byte[] pickle) {
    byte[] changed = pickle;
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      changed = once(changed);
    }
    return changed;
  }

  private byte[] once(byte[] pickle) {
    if (pickle.length < 2) {
      return pickle;
    }
    int at = random.nextInt(pickle.length);
    byte[] instruction = {(byte) INSTRUCTIONS.charAt(random.nextInt(INSTRUCTIONS.length()))};
    return switch (random.nextInt(4)) {
      case 0 -> Mutations.joined(pickle, at, instruction, at + 1);
      case 1 -> Mutations.joined(pickle, at, instruction, at);
      case 2 -> {
        int from = random.nextInt(pickle.length);
        yield Mutations.joined(pickle, at, Mutations.cut(pickle, from, 1 + random.nextInt(40)), at);
      }
      default -> mutations.of(pickle, pickle);
    };
  }
}
