package falcon.model.fuzz;

import com.sun.management.ThreadMXBean;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.onnx.OnnxFile;
import falcon.model.pytorch.PyTorchCheckpoint;
import falcon.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Passes one file to a reader, which may read it or refuse it with a message, and nothing else,
/// and measures the memory that it allocates.
final class Trial {
  /// A reader, and its limit of allocation: `multiple · length + constant` bytes, including freed
  /// memory.
  enum Reader {
    /// A small file may have sparse tensors of 64 MiB.
    ONNX("hostile.onnx", 600, 72L << 20),
    /// A small file may have tensors of 16 MiB that share their bytes, read and then gathered.
    PYTORCH("hostile.pt", 64, 40L << 20),
    SAFETENSORS("hostile.safetensors", 64, 4L << 20),
    /// The format is recognised by the content.
    ANY("hostile", 600, 72L << 20);

    private final String fileName;
    private final long multiple;
    private final long constant;

    Reader(String fileName, long multiple, long constant) {
      this.fileName = fileName;
      this.multiple = multiple;
      this.constant = constant;
    }

    private void read(Path file) {
      switch (this) {
        case ONNX -> OnnxFile.read(file);
        case PYTORCH -> PyTorchCheckpoint.read(file);
        case SAFETENSORS -> SafetensorsFile.read(file);
        case ANY -> Networks.read(file);
      }
    }
  }

  private static final int BYTES_SHOWN = 4096;

  private final Path folder;
  private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  Trial(Path folder) {
    this.folder = folder;
  }

  /// Tries one file.
  ///
  /// @return whether it was read
  /// @throws AssertionError if anything but [MalformedModelException] is thrown, or too much memory
  ///     is allocated; shows the file
  boolean run(Reader reader, byte[] content) {
    Path file = folder.resolve(reader.fileName);
    try {
      Files.write(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    boolean isRead = true;
    long before = thread.getCurrentThreadAllocatedBytes();
    try {
      reader.read(file);
    } catch (MalformedModelException e) {
      isRead = false;
      if (!String.valueOf(e.getMessage()).contains(reader.fileName)) {
        throw failure(reader, content, "the message names no file", e);
      }
    } catch (RuntimeException | Error e) {
      throw failure(reader, content, "wrong exception", e);
    }
    long allocated = thread.getCurrentThreadAllocatedBytes() - before;
    if (allocated > reader.multiple * content.length + reader.constant) {
      throw failure(reader, content, "set aside %d bytes".formatted(allocated), null);
    }
    return isRead;
  }

  /// Reads a network that must be readable.
  Network network(byte[] content) throws IOException {
    return OnnxFile.read(Files.write(folder.resolve("network.onnx"), content));
  }

  private static AssertionError failure(
      Reader reader, byte[] content, String problem, @Nullable Throwable cause) {
    return new AssertionError(
        "%s: %s; the file, %d bytes: %s"
            .formatted(
                reader,
                problem,
                content.length,
                HexFormat.of().formatHex(content, 0, Math.min(content.length, BYTES_SHOWN))),
        cause);
  }
}
