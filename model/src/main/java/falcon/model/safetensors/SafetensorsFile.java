package falcon.model.safetensors;

import falcon.model.AtomicFile;
import falcon.model.MalformedModelException;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A safetensors file: eight bytes that give the length of a JSON header, the header with name,
/// type, shape and place of each tensor, then the tensors, little-endian and row-major.
public final class SafetensorsFile {
  private static final int COUNT_BYTES = 8;
  private static final long LARGEST_TENSOR_BYTES = Integer.MAX_VALUE - 8;

  private SafetensorsFile() {}

  /// The tensors of a file, in the order of its header, and its metadata.
  ///
  /// @throws MalformedModelException if the file cannot be read, is damaged, or holds tensors of an
  ///     unsupported type; everything is checked against the length of the file before memory is
  ///     set aside
  public static StateDict read(Path path) {
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
        var bytes = bytes(path, channel, dataStart + entry.begin(), (int) entry.bytes());
        tensors.put(named.getKey(), Tensor.ofBytes(entry.type(), entry.shape(), bytes));
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

  /// Writes tensors and metadata; a file that is there is replaced only when the new one is
  /// complete. The same content gives the same bytes.
  ///
  /// The header has the tensors in the order of `content`; the data has those of larger elements
  /// first, so that each begins at a multiple of its element size, which PyTorch's reader needs.
  ///
  /// @throws UnwritableFileException if the file cannot be written
  /// @throws IllegalArgumentException if a tensor has the name `__metadata__`
  public static void write(StateDict content, Path path) {
    if (content.tensors().containsKey(Header.METADATA)) {
      throw new IllegalArgumentException("a tensor cannot be named " + Header.METADATA);
    }
    var order = new ArrayList<>(content.tensors().entrySet());
    order.sort(
        Comparator.comparingInt(
            (Map.Entry<String, Tensor> named) -> -named.getValue().type().bytes()));
    AtomicFile.write(path, out -> write(content, order, out));
  }

  private static void write(
      StateDict content, List<Map.Entry<String, Tensor>> order, OutputStream out)
      throws IOException {
    var header = HeaderWriter.bytes(header(content, order));
    var count = ByteBuffer.allocate(COUNT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(count.putLong(header.length).array());
    out.write(header);
    var channel = Channels.newChannel(out);
    for (var named : order) {
      var bytes = named.getValue().bytes();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  private static Header header(StateDict content, List<Map.Entry<String, Tensor>> order) {
    var beginByName = new LinkedHashMap<String, Long>();
    long begin = 0;
    for (var named : order) {
      beginByName.put(named.getKey(), begin);
      begin += named.getValue().bytes().remaining();
    }
    var entries = new LinkedHashMap<String, Header.Entry>();
    content
        .tensors()
        .forEach((name, tensor) -> {
          long start = beginByName.getOrDefault(name, 0L);
          long end = start + tensor.bytes().remaining();
          entries.put(name, new Header.Entry(tensor.type(), tensor.shape(), start, end));
        });
    return new Header(entries, content.metadata());
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
