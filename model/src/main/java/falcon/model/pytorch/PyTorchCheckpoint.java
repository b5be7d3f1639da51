package falcon.model.pytorch;

import falcon.model.MalformedModelException;
import falcon.model.StateDict;
import falcon.model.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.ZipFile;

/// Reads the named weights out of a file that `torch.save` wrote: a state dict, or a checkpoint
/// that holds one under `state_dict`, `model`, `model_state_dict` or `net`.
///
/// Nothing that the file names is executed; a name outside a short list is refused, and so is
/// everything that does not fit the file's length. The metadata are those of a file that
/// [PyTorchWriter] wrote, empty in others. Reading takes memory for the tensors, and twice
/// the largest of those that are not row-major.
public final class PyTorchCheckpoint {
  private static final int ZIP_START = 0x504b0304;

  /// A pickle's first instruction, [Opcode#PROTO].
  private static final int PICKLE_START = 0x80;

  /// Greatest number of bytes of a checkpoint's pickles: without its numbers even a large one has a
  /// few MB.
  static final long MOST_PICKLE_BYTES = 64L << 20;

  /// The keys under which training scripts store the weights.
  private static final List<String> PLACES =
      List.of("state_dict", "model", "model_state_dict", "net");

  /// Greatest ratio of the tensors' size to the file's length: tensors may share storage and repeat
  /// elements (stride 0), so that together they can be larger than the file. Tied weights stay far
  /// below this ratio; a hostile file could state any number.
  private static final long GREATEST_EXPANSION = 16;

  /// A file shorter than this may expand as if it had this length, in bytes.
  private static final long SMALL_FILE = 1L << 20;

  private static final long LARGEST_TENSOR_BYTES = Integer.MAX_VALUE - 8;

  private static final int ENTRIES_SHOWN = 8;

  private final Path path;
  private final StorageFile storages;
  private final Map<StridedView, Tensor> known = new HashMap<>();
  private long bytesLeft;

  private PyTorchCheckpoint(Path path, StorageFile storages, long fileBytes) {
    this.path = path;
    this.storages = storages;
    this.bytesLeft = Math.max(fileBytes, SMALL_FILE) * GREATEST_EXPANSION;
  }

  /// Reads the tensors of the state dict in the file's order, row-major, under the file's names (a
  /// prefix `module.` stays); entries that are no tensors are left out. Entries that are the same
  /// part of a storage, as tied weights are, become one object.
  ///
  /// @throws MalformedModelException if the file cannot be read, is no checkpoint, is damaged, or
  ///     uses a name outside the list of allowed names
  public static StateDict read(Path path) {
    try (var channel = FileChannel.open(path)) {
      long fileBytes = channel.size();
      if (isZip(path, channel)) {
        try (var zip = new ZipFile(path.toFile())) {
          var storages = new ZipStorages(path, zip, fileBytes);
          var content = new Unpickler(storages.pickle()).load();
          StateDict state = new PyTorchCheckpoint(path, storages, fileBytes).stateDict(content);
          return new StateDict(state.tensors(), storages.metadata());
        }
      }
      var storages = new LegacyStorages(path, channel, fileBytes);
      return new PyTorchCheckpoint(path, storages, fileBytes).stateDict(storages.content());
    } catch (IOException e) {
      throw PickleInput.unreadable(path, e);
    }
  }

  /// Distinguishes the two formats by the first bytes, and refuses other files.
  private static boolean isZip(Path path, FileChannel channel) throws IOException {
    var start = ByteBuffer.allocate(4);
    channel.read(start, 0);
    start.flip();
    if (start.remaining() == 4 && start.getInt(0) == ZIP_START) {
      return true;
    }
    if (start.remaining() == 4 && (start.get(0) & 0xff) == PICKLE_START) {
      return false;
    }
    throw new MalformedModelException(
        path,
        "is no PyTorch checkpoint: it starts with bytes %s, not with %s (zip) or %s (legacy)."
            .formatted(hex(start.array(), start.remaining()), "50 4b 03 04", "80"),
        "Give a file that torch.save wrote, or name the format by the file's ending.");
  }

  private static String hex(byte[] bytes, int count) {
    return HexFormat.ofDelimiter(" ").formatHex(bytes, 0, count);
  }

  private StateDict stateDict(Value content) throws IOException {
    var tensors = new LinkedHashMap<String, Tensor>();
    for (var entry : weights(content).entries().entrySet()) {
      if (entry.getValue() instanceof Value.View view) {
        tensors.put(entry.getKey(), tensor(entry.getKey(), view));
      }
    }
    return new StateDict(tensors, Map.of());
  }

  private Value.Dictionary weights(Value content) {
    if (!(content instanceof Value.Dictionary root)) {
      throw new MalformedModelException(
          path,
          "holds %s, not a state dict.".formatted(content.kind()),
          "Save the weights by name, torch.save(model.state_dict(), \"weights.pth\").");
    }
    for (var place : PLACES) {
      if (root.entries().get(place) instanceof Value.Dictionary inner && hasTensors(inner)) {
        return inner;
      }
    }
    if (!hasTensors(root)) {
      throw new MalformedModelException(
          path,
          ("holds no state dict: none of its entries is a tensor, and there are none in %s."
                  + " Its entries are: %s.")
              .formatted(String.join(", ", PLACES), names(root)),
          "Save the weights by name, torch.save(model.state_dict(), \"weights.pth\").");
    }
    return root;
  }

  private static boolean hasTensors(Value.Dictionary dictionary) {
    return dictionary.entries().values().stream().anyMatch(Value.View.class::isInstance);
  }

  private static String names(Value.Dictionary dictionary) {
    var names = dictionary.entries().keySet();
    return names.isEmpty()
        ? "none"
        : names.stream().limit(ENTRIES_SHOWN).collect(Collectors.joining(", "))
            + (names.size() > ENTRIES_SHOWN ? ", … (%d in all)".formatted(names.size()) : "");
  }

  private Tensor tensor(String name, Value.View view) throws IOException {
    StridedView checked;
    try {
      checked = StridedView.of(view);
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(
          path,
          "tensor '%s' %s.".formatted(name, e.getMessage()),
          "The file is damaged, or of a kind that is not supported.",
          e);
    }
    reserve(name, checked); // tied ones, too: whoever works with them makes room for each
    Tensor tied = known.get(checked);
    if (tied != null) {
      return tied;
    }
    var spanned =
        storages.read(checked.storage(), checked.offsetBytes(), (int) checked.spanBytes());
    Tensor tensor = Tensor.ofBytes(checked.type(), checked.shape(), checked.gather(spanned));
    known.put(checked, tensor);
    return tensor;
  }

  /// Refuses a tensor that is too large, before memory is allocated for it.
  private void reserve(String name, StridedView view) {
    long bytes = Math.max(view.countBytes(), view.spanBytes());
    if (bytes > LARGEST_TENSOR_BYTES) {
      throw new MalformedModelException(
          path,
          "tensor '%s' takes %d bytes; at most %d are supported."
              .formatted(name, bytes, LARGEST_TENSOR_BYTES),
          "Falcon is made for networks of smaller layers.");
    }
    if (bytes > bytesLeft) {
      throw new MalformedModelException(
          path,
          "its tensors up to '%s' take more than %d times the bytes of the file."
              .formatted(name, GREATEST_EXPANSION),
          "The file is damaged, or made to exhaust memory.");
    }
    bytesLeft -= bytes;
  }
}
