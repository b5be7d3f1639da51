package falcon.prune.storage;

import falcon.model.AtomicFile;
import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.safetensors.TensorPart;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// A file that an interrupted run continues from: tensors and texts of a safetensors file, whose
/// last tensor, 32 bytes, is the SHA-256 of all bytes before it.
///
/// The file is either complete or absent; a damaged one, or one of another run, is not used.
/// Writing copies nothing as a whole, and the content that is read is not on the Java heap.
public final class CheckpointFile {
  private static final String RUN = "run";
  private static final String DIGEST = "sha256";
  private static final int DIGEST_BYTES = 32;
  private static final int BUFFER_BYTES = 1 << 16;

  private final Path path;
  private final String run;

  /// @param run identifier of the run, stage and settings
  CheckpointFile(Path path, String run) {
    this.path = path;
    this.run = run;
  }

  Path path() {
    return path;
  }

  boolean exists() {
    return Files.exists(path);
  }

  /// Writes the file; an existing one is replaced once the new one is on the disk.
  ///
  /// @param tensors tensors to write; none has elements smaller than a byte or the name `sha256`
  /// @throws falcon.model.UnwritableFileException if it cannot be written
  public void write(SequencedMap<String, TensorPart> tensors, Map<String, String> texts) {
    var metadata = new LinkedHashMap<>(texts);
    metadata.put(RUN, run);
    AtomicFile.write(
        path,
        out -> {
          var digested = new DigestOutputStream(out, FileContent.newDigest());
          var parts = new LinkedHashMap<>(tensors);
          // parts with the smallest elements come last, in this order
          parts.put(
              DIGEST,
              new TensorPart(
                  DataType.UINT8,
                  List.of((long) DIGEST_BYTES),
                  rest -> rest.write(digested.getMessageDigest().digest())));
          SafetensorsFile.write(parts, metadata, digested);
        });
  }

  /// Returns the content, memory-mapped.
  ///
  /// @throws UnusableException if the file is damaged or belongs to something else; its message
  ///     continues a sentence that begins with the file's name
  StateDict read() throws UnusableException {
    try {
      requireWhole();
      StateDict content = SafetensorsFile.map(path);
      if (!run.equals(content.metadata().get(RUN))) {
        throw new UnusableException("is of another run", null);
      }
      return content;
    } catch (IOException | MalformedModelException e) {
      throw new UnusableException("cannot be read (%s)".formatted(e.getMessage()), e);
    }
  }

  private void requireWhole() throws IOException, UnusableException {
    long covered = Files.size(path) - DIGEST_BYTES;
    MessageDigest digest = FileContent.newDigest();
    try (InputStream file = Files.newInputStream(path);
        var in = new DigestInputStream(file, digest)) {
      var buffer = new byte[BUFFER_BYTES];
      for (long left = covered; left > 0; ) {
        int count = in.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (count < 0) {
          break;
        }
        left -= count;
      }
      if (covered <= 0 || !MessageDigest.isEqual(digest.digest(), file.readAllBytes())) {
        throw new UnusableException(
            "is damaged: its SHA-256 is not the one it was written with", null);
      }
    }
  }

  /// Returns a tensor that must exist.
  public static Tensor tensor(StateDict content, String name) throws UnusableException {
    Tensor tensor = content.tensors().get(name);
    if (tensor == null) {
      throw new UnusableException("has no tensor '%s'".formatted(name), null);
    }
    return tensor;
  }

  /// Encodes numbers exactly, to the last bit.
  public static TensorPart part(List<Double> numbers) {
    long[] bits = numbers.stream().mapToLong(Double::doubleToRawLongBits).toArray();
    return TensorPart.of(Tensor.ofLongs(List.of((long) bits.length), bits));
  }

  /// Returns the numbers that [#part] encoded.
  public static List<Double> numbers(Tensor bits) {
    return java.util.Arrays.stream(bits.toLongs()).mapToObj(Double::longBitsToDouble).toList();
  }

  /// Returns the tensors whose names begin with the prefix, by the rest of their names.
  public static Map<String, Tensor> below(StateDict content, String prefix) {
    var found = new HashMap<String, Tensor>();
    content
        .tensors()
        .forEach((name, tensor) -> {
          if (name.startsWith(prefix)) {
            found.put(name.substring(prefix.length()), tensor);
          }
        });
    return found;
  }

  /// Reports a file that a run cannot continue from.
  public static final class UnusableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnusableException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
