package falcon.model.pytorch;

import falcon.model.DataType;
import falcon.model.StateDict;
import falcon.model.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Writes a state dict as `torch.save` does: a zip archive with a pickle of protocol 2 that names
/// nothing but tensors, so that `torch.load` of PyTorch 1.6 and later reads it, also with
/// `weights_only=True`.
///
/// Tensors that are one object share a storage, as tied weights do. The file's metadata becomes an
/// entry of the archive that PyTorch does not read. The same content yields the same bytes.
public final class PyTorchWriter {
  /// Folder of all entries; PyTorch takes any name.
  private static final String ROOT = "archive/";

  private static final String METADATA = "falcon/";

  /// Each entry's content begins at a multiple of this number of bytes, as in files of PyTorch.
  private static final int ALIGNMENT = 64;

  private static final int LOCAL_HEADER_BYTES = 30;

  /// Tag of the extra field that only fills room (`FB`), as PyTorch's own.
  private static final short PADDING_TAG = 0x4246;

  private static final int EXTRA_HEADER_BYTES = 4;

  /// Time of all entries; Java adds a field for the very first one that the format knows.
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

  private final CountingStream counted;
  private final ZipOutputStream zip;

  private PyTorchWriter(OutputStream out) {
    counted = new CountingStream(out);
    zip = new ZipOutputStream(counted, StandardCharsets.UTF_8);
    zip.setMethod(ZipOutputStream.STORED);
  }

  /// Writes a file's content to a stream, which stays open.
  ///
  /// @throws IllegalArgumentException if a tensor has a type that no storage of PyTorch 1 holds
  ///     (UINT16, UINT32, UINT64)
  public static void write(StateDict content, OutputStream out) throws IOException {
    new PyTorchWriter(out).write(content);
  }

  /// Returns the name of a metadata entry in the archive.
  static String metadataEntry(String root, String key) {
    return root + "/" + METADATA + key;
  }

  private void write(StateDict content) throws IOException {
    IdentityHashMap<Tensor, Integer> keys = new IdentityHashMap<>();
    var pickle = new StatePickle();
    for (Map.Entry<String, Tensor> entry : content.tensors().entrySet()) {
      Integer key = keys.computeIfAbsent(entry.getValue(), _ -> keys.size());
      pickle.put(entry.getKey(), entry.getValue(), key);
    }
    add(ROOT + "data.pkl", List.of(ByteBuffer.wrap(pickle.finished())));
    var isWritten = new boolean[keys.size()];
    for (Tensor tensor : content.tensors().values()) {
      int key = keys.getOrDefault(tensor, 0);
      if (!isWritten[key]) {
        add(ROOT + "data/" + key, List.of(tensor.bytes()));
        isWritten[key] = true;
      }
    }
    add(ROOT + "version", List.of(text("3\n")));
    for (Map.Entry<String, String> entry : content.metadata().entrySet()) {
      add(ROOT + METADATA + entry.getKey(), List.of(text(entry.getValue())));
    }
    zip.finish();
  }

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private void add(String name, List<ByteBuffer> content) throws IOException {
    var entry = new ZipEntry(name);
    var crc = new CRC32();
    long bytes = 0;
    for (ByteBuffer part : content) {
      crc.update(part.duplicate());
      bytes += part.remaining();
    }
    entry.setTimeLocal(NO_TIME);
    entry.setSize(bytes);
    entry.setCrc(crc.getValue());
    entry.setExtra(padding(counted.count, name.getBytes(StandardCharsets.UTF_8).length));
    zip.putNextEntry(entry);
    var channel = Channels.newChannel(zip);
    for (ByteBuffer part : content) {
      ByteBuffer rest = part.duplicate();
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
    }
    zip.closeEntry();
  }

  /// Returns an extra field after which an entry's content begins at a multiple of the alignment.
  private static byte[] padding(long start, int nameBytes) {
    long unpadded = start + LOCAL_HEADER_BYTES + nameBytes + EXTRA_HEADER_BYTES;
    int fill = (int) Math.floorMod(-unpadded, (long) ALIGNMENT);
    return ByteBuffer.allocate(EXTRA_HEADER_BYTES + fill)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort(PADDING_TAG)
        .putShort((short) fill)
        .array();
  }

  /// The pickle of a state dict, written an instruction at a time.
  private static final class StatePickle {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    StatePickle() {
      byteCode(0x80).byteCode(2); // PROTO 2
      orderedDictionary().code('(');
    }

    /// Adds a tensor.
    ///
    /// @param key number of its storage
    void put(String name, Tensor tensor, int key) {
      text(name);
      global("torch._utils", "_rebuild_tensor_v2").code('(');
      code('(').text("storage").global("torch", storageOf(name, tensor.type()));
      text(Integer.toString(key)).text("cpu").number(tensor.size()).code('t').code('Q');
      number(0);
      numbers(tensor.shape());
      numbers(strides(tensor.shape()));
      byteCode(0x89); // False: no gradient
      orderedDictionary().code('t').code('R');
    }

    byte[] finished() {
      code('u').code('.');
      return bytes.toByteArray();
    }

    private static String storageOf(String name, DataType type) {
      for (Globals.StorageType storage : Globals.StorageType.values()) {
        if (type == storage.type() && storage != Globals.StorageType.UNTYPED) {
          return storage.pythonName().substring("torch.".length());
        }
      }
      throw new IllegalArgumentException(
          "tensor '%s' is %s, which no storage of PyTorch 1 holds".formatted(name, type));
    }

    private static List<Long> strides(List<Long> shape) {
      var strides = new Long[shape.size()];
      long stride = 1;
      for (int axis = strides.length - 1; axis >= 0; axis--) {
        strides[axis] = stride;
        stride *= Math.max(1, shape.get(axis));
      }
      return List.of(strides);
    }

    private StatePickle numbers(List<Long> numbers) {
      code('(');
      numbers.forEach(this::number);
      return code('t');
    }

    private StatePickle orderedDictionary() {
      return global("collections", "OrderedDict").code(')').code('R');
    }

    private StatePickle global(String module, String name) {
      code('c');
      bytes.writeBytes("%s\n%s\n".formatted(module, name).getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    private StatePickle text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      code('X');
      fourBytes(utf8.length);
      bytes.writeBytes(utf8);
      return this;
    }

    /// Adds a number from 0 on.
    private StatePickle number(long number) {
      if (number <= Integer.MAX_VALUE) {
        code('J');
        fourBytes((int) number);
        return this;
      }
      byteCode(0x8a).byteCode(Long.BYTES); // LONG1
      bytes.writeBytes(
          ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array());
      return this;
    }

    private void fourBytes(int number) {
      bytes.writeBytes(
          ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array());
    }

    private StatePickle code(char instruction) {
      return byteCode(instruction);
    }

    private StatePickle byteCode(int instruction) {
      bytes.write(instruction);
      return this;
    }
  }

  /// Counts what was written.
  private static final class CountingStream extends OutputStream {
    private final OutputStream out;
    private long count;

    CountingStream(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int one) throws IOException {
      out.write(one);
      count++;
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      out.write(bytes, from, length);
      count += length;
    }
  }
}
