package falcon.model.onnx;

import falcon.model.MalformedModelException;
import falcon.model.onnx.proto.StringStringEntryProto;
import falcon.model.onnx.proto.TensorProto;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Reads elements of tensors from files beside the model.
final class ExternalData {
  private final Path model;

  ExternalData(Path model) {
    this.model = model;
  }

  /// Reads the elements of one tensor.
  ///
  /// @param bytes how many its shape needs
  /// @throws MalformedModelException if the file is missing, too short, or outside the model's
  ///     folder
  byte[] read(String tensor, TensorProto proto, int bytes) {
    String location = "";
    long offset = 0;
    long length = bytes;
    for (StringStringEntryProto entry : proto.getExternalDataList()) {
      switch (entry.getKey()) {
        case "location" -> location = entry.getValue();
        case "offset" -> offset = number(tensor, entry);
        case "length" -> length = number(tensor, entry);
        default -> {} // checksum and whatever else a writer notes
      }
    }
    if (length != bytes) {
      throw malformed(
          tensor,
          "needs %d bytes, but %d of '%s' are its own".formatted(bytes, length, location),
          "Export the network again.");
    }
    return slice(tensor, location, offset, bytes);
  }

  private byte[] slice(String tensor, String location, long offset, int bytes) {
    Path file = inside(tensor, location);
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      if (offset > size - bytes) {
        throw malformed(
            tensor,
            "is %d bytes from byte %d of '%s', which has %d"
                .formatted(bytes, offset, location, size),
            "The file is probably cut short; fetch it again.");
      }
      var buffer = ByteBuffer.allocate(bytes);
      channel.position(offset);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer) < 0) {
          throw new EOFException("it became shorter while it was read");
        }
      }
      return buffer.array();
    } catch (IOException e) {
      throw new MalformedModelException(
          model,
          "tensor '%s' is in '%s', which cannot be read: %s"
              .formatted(tensor, location, e.getMessage()),
          "Check the disk and the permissions.",
          e);
    }
  }

  /// Path of an external file, links resolved, proved to be in the model's folder or below.
  private Path inside(String tensor, String location) {
    try {
      Path folder = model.toRealPath().getParent();
      Path relative = Path.of(location);
      if (folder != null && !location.isEmpty() && !relative.isAbsolute()) {
        Path plain = folder.resolve(relative).normalize();
        if (plain.startsWith(folder) && plain.toRealPath().startsWith(folder)) {
          return plain;
        }
      }
    } catch (NoSuchFileException e) {
      throw new MalformedModelException(
          model,
          "tensor '%s' is in '%s', which is not there".formatted(tensor, location),
          "Put that file beside the model.",
          e);
    } catch (IOException e) {
      throw new MalformedModelException(
          model,
          "tensor '%s' is in '%s', which cannot be read: %s"
              .formatted(tensor, location, e.getMessage()),
          "Check the disk and the permissions.",
          e);
    } catch (InvalidPathException _) {
      // a name that no file can have is outside, too
    }
    throw malformed(
        tensor,
        "is in '%s', outside the model's folder".formatted(location),
        "Falcon reads external data only beside the model or below; move it there and export again.");
  }

  private long number(String tensor, StringStringEntryProto entry) {
    try {
      long number = Long.parseLong(entry.getValue());
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException _) {
      // gets the same message as a negative number
    }
    throw malformed(
        tensor,
        "has '%s' as the %s of its external data".formatted(entry.getValue(), entry.getKey()),
        "Export the network again.");
  }

  private MalformedModelException malformed(String tensor, String problem, String advice) {
    return new MalformedModelException(model, "tensor '%s' %s".formatted(tensor, problem), advice);
  }
}
