package falcon.model.pytorch;

import falcon.model.MalformedModelException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// A checkpoint of PyTorch before 1.6: five pickles (a magic number, the protocol, facts about the
/// machine, the object, the keys of the storages), then for each key an int64 count of elements
/// and the elements.
final class LegacyStorages implements StorageFile {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final BigInteger PROTOCOL = BigInteger.valueOf(1001);
  private static final int COUNT_BYTES = 8;

  private final Path path;
  private final FileChannel channel;
  private final Value content;
  private final Map<String, Long> offsetBytesByKey = new HashMap<>();

  /// @param channel channel of the file at `path`, at its start; the caller closes it
  LegacyStorages(Path path, FileChannel channel, long fileBytes) throws IOException {
    this.path = path;
    this.channel = channel;
    var stream = new BufferedInputStream(Channels.newInputStream(channel), 1 << 16);
    var in =
        new PickleInput(path, stream, Math.min(fileBytes, PyTorchCheckpoint.MOST_PICKLE_BYTES));
    var unpickler = new Unpickler(in);
    if (!isWhole(unpickler.load(), MAGIC)) {
      throw new MalformedModelException(
          path,
          "is a pickle, but does not start with the magic number of PyTorch's checkpoints.",
          "Give a file that torch.save wrote.");
    }
    if (!isWhole(unpickler.load(), PROTOCOL)) {
      throw in.malformed("is not of PyTorch's protocol %s".formatted(PROTOCOL));
    }
    unpickler.load();
    this.content = unpickler.load();
    var keys = unpickler.load();
    if (!(keys instanceof Value.Sequence sequence)) {
      throw in.malformed("lists the storages in %s".formatted(keys.kind()));
    }
    index(sequence, unpickler.storages(), in.position(), fileBytes);
  }

  private static boolean isWhole(Value value, BigInteger number) {
    return value instanceof Value.Whole(BigInteger whole) && whole.equals(number);
  }

  /// Returns the saved object.
  Value content() {
    return content;
  }

  /// Computes the start of each storage from its count and the sizes of those before it.
  private void index(
      Value.Sequence keys, Map<String, Value.Storage> storages, long start, long fileBytes)
      throws IOException {
    long position = start;
    for (var item : keys.items()) {
      if (!(item instanceof Value.Text(String key)) || storages.get(key) == null) {
        throw new MalformedModelException(
            path,
            "lists a storage that no tensor refers to.",
            "The file is damaged; fetch it again.");
      }
      var storage = storages.get(key);
      long count = position > fileBytes - COUNT_BYTES ? -1 : count(position);
      long elementsAt = position + COUNT_BYTES;
      if (count != storage.elements() || storage.bytes() > fileBytes - elementsAt) {
        throw new MalformedModelException(
            path,
            ("storage '%s' at byte %d has %s elements of %d bytes, its tensors need %d;"
                    + " the file has %d bytes.")
                .formatted(
                    key,
                    position,
                    count < 0 ? "no" : Long.toString(count),
                    storage.type().elementBytes(),
                    storage.elements(),
                    fileBytes),
            "The file is cut short or damaged; fetch it again.");
      }
      offsetBytesByKey.put(key, elementsAt);
      position = elementsAt + storage.bytes();
    }
  }

  private long count(long position) throws IOException {
    return ByteBuffer.wrap(bytes(position, COUNT_BYTES)).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  @Override
  public byte[] read(Value.Storage storage, long offsetBytes, int count) throws IOException {
    var start = offsetBytesByKey.get(storage.key());
    if (start == null) {
      throw new MalformedModelException(
          path,
          "holds no storage '%s', which a tensor refers to.".formatted(storage.key()),
          "The file is damaged; fetch it again.");
    }
    return bytes(start + offsetBytes, count);
  }

  private byte[] bytes(long position, int count) throws IOException {
    var buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new MalformedModelException(
            path,
            "ends at byte %d, before %d bytes that were to come."
                .formatted(position + buffer.position(), buffer.remaining()),
            "The file is cut short; fetch it again.");
      }
    }
    return buffer.array();
  }
}
