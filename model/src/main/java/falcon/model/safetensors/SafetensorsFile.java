package falcon.model.safetensors;

import falcon.model.AtomicFile;
import falcon.model.MalformedModelException;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Reads and writes safetensors files: eight bytes with the length of a JSON header, the header
/// with name, type, shape and place of each tensor, then the tensors, little-endian and row-major.
public final class SafetensorsFile {
  private static final int COUNT_BYTES = 8;
  private static final long LARGEST_TENSOR_BYTES = Integer.MAX_VALUE - 8;

  private SafetensorsFile() {}

  /// Reads a tensor from bytes of a file.
  @FunctionalInterface
  private interface Reader {
    /// @param position position of the first byte in the file
    Tensor read(Header.Entry entry, long position) throws IOException;
  }

  /// Reads the tensors of a file, in the order of its header, and its metadata.
  ///
  /// @throws MalformedModelException if the file cannot be read, is damaged, or holds tensors of an
  ///     unsupported type; everything is checked against the length of the file before memory is
  ///     allocated
  public static StateDict read(Path path) {
    return read(
        path,
        channel ->
            (entry, position) ->
                Tensor.ofBytes(
                    entry.type(),
                    entry.shape(),
                    bytes(path, channel, position, (int) entry.bytes())));
  }

  /// Reads like [#read(Path)], but the tensors are parts of the mapped file and take no room on the
  /// Java heap. The file may be removed while they are in use, but must not be changed.
  ///
  /// @throws MalformedModelException under the conditions of [#read(Path)]
  public static StateDict map(Path path) {
    return read(
        path,
        channel -> {
          var content =
              channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
          return (entry, position) ->
              Tensor.ofContent(
                  entry.type(),
                  entry.shape(),
                  content.asSlice(position, entry.bytes()).asByteBuffer());
        });
  }

  /// Prepares to read from an open file.
  @FunctionalInterface
  private interface Opening {
    Reader of(FileChannel channel) throws IOException;
  }

  private static StateDict read(Path path, Opening opening) {
    try (var channel = FileChannel.open(path)) {
      long headerBytes = headerBytes(path, channel);
      long dataStart = COUNT_BYTES + headerBytes;
      var json = decode(path, bytes(path, channel, COUNT_BYTES, (int) headerBytes));
      Header header;
      try {
        header = HeaderReader.read(json, channel.size() - dataStart);
      } catch (IllegalArgumentException e) {
        throw malformed(path, "the header %s.".formatted(e.getMessage()), e);
      }
      Reader reader = opening.of(channel);
      var tensors = new LinkedHashMap<String, Tensor>();
      for (var named : header.entries().entrySet()) {
        var entry = named.getValue();
        if (entry.bytes() > LARGEST_TENSOR_BYTES) {
          throw new MalformedModelException(
              path,
              "tensor '%s' takes %d bytes; at most %d are supported."
                  .formatted(named.getKey(), entry.bytes(), LARGEST_TENSOR_BYTES),
              "Falcon is made for networks of smaller layers.");
        }
        tensors.put(named.getKey(), reader.read(entry, dataStart + entry.begin()));
      }
      return new StateDict(tensors, header.metadata());
    } catch (IOException e) {
      throw new MalformedModelException(
          path,
          "cannot be read: %s.".formatted(e),
          "Check that the file exists, is complete and may be read.",
          e);
    }
  }

  /// Writes tensors and metadata; an existing file is replaced only when the new one is complete.
  /// The same content yields the same bytes.
  ///
  /// The header has the tensors in the order of `content`; the data has those of larger elements
  /// first, so that each begins at a multiple of its element size, which PyTorch's reader needs.
  ///
  /// @throws UnwritableFileException if the file cannot be written
  /// @throws IllegalArgumentException if a tensor has the name `__metadata__`
  public static void write(StateDict content, Path path) {
    var parts = new LinkedHashMap<String, TensorPart>();
    content.tensors().forEach((name, tensor) -> parts.put(name, TensorPart.of(tensor)));
    AtomicFile.write(path, out -> write(parts, content.metadata(), out));
  }

  /// Writes a file's content to a stream, in the same order; the elements of each part are
  /// requested once, when they are written.
  ///
  /// @throws IllegalArgumentException if a tensor has the name `__metadata__`
  public static void write(
      SequencedMap<String, TensorPart> parts, Map<String, String> metadata, OutputStream out)
      throws IOException {
    if (parts.containsKey(Header.METADATA)) {
      throw new IllegalArgumentException("a tensor cannot be named " + Header.METADATA);
    }
    var order = new ArrayList<>(parts.entrySet());
    order.sort(
        Comparator.comparingInt(
            (Map.Entry<String, TensorPart> named) -> -named.getValue().type().bytes()));
    var header = HeaderWriter.bytes(header(parts, metadata, order));
    var count = ByteBuffer.allocate(COUNT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(count.putLong(header.length).array());
    out.write(header);
    for (var named : order) {
      named.getValue().content().writeTo(out);
    }
  }

  private static Header header(
      Map<String, TensorPart> parts,
      Map<String, String> metadata,
      List<Map.Entry<String, TensorPart>> order) {
    var beginByName = new LinkedHashMap<String, Long>();
    long begin = 0;
    for (var named : order) {
      beginByName.put(named.getKey(), begin);
      begin += named.getValue().bytes();
    }
    var entries = new LinkedHashMap<String, Header.Entry>();
    parts.forEach((name, part) -> {
      long start = beginByName.getOrDefault(name, 0L);
      entries.put(name, new Header.Entry(part.type(), part.shape(), start, start + part.bytes()));
    });
    return new Header(entries, metadata);
  }

  private static long headerBytes(Path path, FileChannel channel) throws IOException {
    long fileBytes = channel.size();
    if (fileBytes < COUNT_BYTES) {
      throw malformed(
          path, "has %d bytes, too few for a safetensors file.".formatted(fileBytes), null);
    }
    long count =
        ByteBuffer.wrap(bytes(path, channel, 0, COUNT_BYTES))
            .order(ByteOrder.LITTLE_ENDIAN)
            .getLong();
    if (count < 0 || count > fileBytes - COUNT_BYTES || count > Header.MOST_BYTES) {
      throw malformed(
          path,
          "announces a header of %s bytes; the file has %d and a header at most %d."
              .formatted(Long.toUnsignedString(count), fileBytes, Header.MOST_BYTES),
          null);
    }
    return count;
  }

  private static String decode(Path path, byte[] header) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    } catch (CharacterCodingException e) {
      throw malformed(path, "the header is not UTF-8 text.", e);
    }
  }

  private static byte[] bytes(Path path, FileChannel channel, long position, int count)
      throws IOException {
    var buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw malformed(
            path,
            "ends at byte %d, before %d bytes that were to come."
                .formatted(position + buffer.position(), buffer.remaining()),
            null);
      }
    }
    return buffer.array();
  }

  private static MalformedModelException malformed(
      Path path, String problem, @Nullable Throwable cause) {
    var advice = "The file is cut short, damaged or no safetensors file; fetch it again.";
    return cause == null
        ? new MalformedModelException(path, problem, advice)
        : new MalformedModelException(path, problem, advice, cause);
  }
}
