package falcon.model.pytorch;

import falcon.model.MalformedModelException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/// A checkpoint of PyTorch 1.6 and later: a zip archive with entries `NAME/data.pkl`,
/// `NAME/data/KEY` for each storage and, since 2.1, `NAME/byteorder`; none compressed.
final class ZipStorages implements StorageFile {
  private static final String PICKLE = "/data.pkl";

  /// Greatest number of bytes of the entry `byteorder` that are read.
  private static final int BYTE_ORDER_BYTES = 16;

  /// Greatest number of metadata that are read, and of bytes of each.
  private static final int MOST_METADATA = 100;

  private static final int METADATA_BYTES = 1 << 16;

  private final Path path;
  private final ZipFile zip;
  private final long fileBytes;
  private final String root;

  /// @param zip the archive at `path`; the caller closes it
  ZipStorages(Path path, ZipFile zip, long fileBytes) throws IOException {
    this.path = path;
    this.zip = zip;
    this.fileBytes = fileBytes;
    this.root = root();
    checkByteOrder();
  }

  private String root() {
    var entries = zip.entries();
    while (entries.hasMoreElements()) {
      var name = entries.nextElement().getName();
      if (name.endsWith(PICKLE) && name.indexOf('/') == name.length() - PICKLE.length()) {
        return name.substring(0, name.length() - PICKLE.length());
      }
    }
    throw new MalformedModelException(
        path,
        "is a zip archive without an entry 'NAME/data.pkl'.",
        "Give a file that torch.save wrote.");
  }

  private void checkByteOrder() throws IOException {
    var entry = zip.getEntry(root + "/byteorder");
    if (entry != null) {
      checkEntry(entry);
      var order =
          new String(
              bytes(entry, 0, (int) Math.min(BYTE_ORDER_BYTES, entry.getSize())),
              StandardCharsets.US_ASCII);
      if (!order.equals("little")) {
        throw new MalformedModelException(
            path,
            "has byte order '%s'; only 'little' is supported.".formatted(order),
            "Load and save the checkpoint on a little-endian machine.");
      }
    }
  }

  /// Returns the pickle of the checkpoint.
  PickleInput pickle() throws IOException {
    var entry = entry(root + PICKLE);
    if (entry.getSize() > PyTorchCheckpoint.MOST_PICKLE_BYTES) {
      throw new MalformedModelException(
          path,
          "has a pickle of %d bytes; at most %d are read."
              .formatted(entry.getSize(), PyTorchCheckpoint.MOST_PICKLE_BYTES),
          "Save the weights alone, torch.save(model.state_dict(), \"weights.pth\").");
    }
    var bytes = bytes(entry, 0, (int) entry.getSize());
    return new PickleInput(path, new ByteArrayInputStream(bytes), bytes.length);
  }

  /// Returns the metadata of a file that [PyTorchWriter] wrote; empty for other files.
  Map<String, String> metadata() throws IOException {
    String folder = PyTorchWriter.metadataEntry(root, "");
    var metadata = new LinkedHashMap<String, String>();
    var entries = zip.entries();
    while (entries.hasMoreElements() && metadata.size() < MOST_METADATA) {
      ZipEntry entry = entries.nextElement();
      if (entry.getName().startsWith(folder) && entry.getSize() <= METADATA_BYTES) {
        checkEntry(entry);
        metadata.put(
            entry.getName().substring(folder.length()),
            new String(bytes(entry, 0, (int) entry.getSize()), StandardCharsets.UTF_8));
      }
    }
    return metadata;
  }

  @Override
  public byte[] read(Value.Storage storage, long offsetBytes, int count) throws IOException {
    var entry = entry(root + "/data/" + storage.key());
    if (entry.getSize() != storage.bytes()) {
      throw new MalformedModelException(
          path,
          "entry '%s' has %d bytes, but its tensors need %d."
              .formatted(entry.getName(), entry.getSize(), storage.bytes()),
          "The file is damaged; fetch it again.");
    }
    return bytes(entry, offsetBytes, count);
  }

  private ZipEntry entry(String name) {
    @Nullable ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new MalformedModelException(
          path,
          "has no entry '%s'.".formatted(name),
          "The file is damaged or not written by torch.save; fetch it again.");
    }
    checkEntry(entry);
    return entry;
  }

  private void checkEntry(ZipEntry entry) {
    if (entry.getMethod() != ZipEntry.STORED
        || entry.getSize() != entry.getCompressedSize()
        || entry.getSize() > fileBytes) {
      throw new MalformedModelException(
          path,
          "entry '%s' is compressed or damaged: %d bytes stored as %d in a file of %d."
              .formatted(entry.getName(), entry.getSize(), entry.getCompressedSize(), fileBytes),
          "Give the file as torch.save wrote it, which never compresses.");
    }
  }

  private byte[] bytes(ZipEntry entry, long offset, int count) throws IOException {
    try (var in = zip.getInputStream(entry)) {
      in.skipNBytes(offset);
      var bytes = in.readNBytes(count);
      if (bytes.length < count) {
        throw new MalformedModelException(
            path,
            "entry '%s' ends after %d of %d bytes."
                .formatted(entry.getName(), offset + bytes.length, entry.getSize()),
            "The file is cut short; fetch it again.");
      }
      return bytes;
    }
  }
}
