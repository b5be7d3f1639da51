package falcon.model.onnx;

import falcon.model.ForeignModel;
import falcon.model.MalformedModelException;
import falcon.model.onnx.proto.TensorProto;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// The files beside a model that hold elements of its tensors; each is mapped once, as a whole, and
/// takes no heap. A mapping exists as long as anything refers to it.
final class ExternalFiles {
  /// The mapped content of one file.
  ///
  /// @param path path with links resolved
  record Content(Path path, MemorySegment bytes) {}

  private record Part(String tensor, ExternalPlace place, long length) {
    long end() {
      return place.offset() + length;
    }
  }

  private static final String EXPORT_AGAIN = "Export the network again.";

  private final Path model;
  private final SequencedMap<String, Content> contents = new LinkedHashMap<>();

  /// @param model path of the model
  ExternalFiles(Path model) {
    this.model = model;
  }

  /// Maps the files of all external tensors and checks that each tensor lies inside its file and
  /// shares no byte with another one, unless it shares all of them.
  ///
  /// @param tensors tensors in any order; those with their elements in the model are skipped
  /// @throws MalformedModelException if a file is missing, too short, or outside of the model's
  ///     folder
  void open(List<TensorProto> tensors) {
    var parts = new ArrayList<Part>();
    for (TensorProto tensor : tensors) {
      if (ExternalPlace.isOf(tensor)) {
        ExternalPlace place = place(tensor.getName(), tensor);
        long size = content(tensor.getName(), place.location()).bytes().byteSize();
        long length = Math.max(0, place.length());
        requireInside(tensor.getName(), place, length, size);
        if (length > 0) {
          parts.add(new Part(tensor.getName(), place, length));
        }
      }
    }
    requireApart(parts);
  }

  /// Returns the elements of one tensor, a view of the mapped file.
  ///
  /// @param bytes number of bytes that its shape needs
  /// @throws MalformedModelException if the tensor has another number of bytes there
  ByteBuffer elements(String tensor, TensorProto proto, int bytes) {
    ExternalPlace place = place(tensor, proto);
    if (place.length() >= 0 && place.length() != bytes) {
      throw malformed(
          tensor,
          "needs %d bytes, but %d of '%s' are its own"
              .formatted(bytes, place.length(), place.location()),
          EXPORT_AGAIN);
    }
    MemorySegment content = content(tensor, place.location()).bytes();
    requireInside(tensor, place, bytes, content.byteSize());
    return content.asSlice(place.offset(), bytes).asByteBuffer();
  }

  /// Returns the files by location (see [#key]), in the order in which tensors name them.
  SequencedMap<String, Content> contents() {
    return Collections.unmodifiableSequencedMap(contents);
  }

  private void requireInside(String tensor, ExternalPlace place, long bytes, long size) {
    if (place.offset() > size - bytes) {
      ForeignModel other = ForeignModel.of(content(tensor, place.location()).path());
      if (other != null) {
        throw malformed(
            tensor,
            "is in '%s', which %s".formatted(place.location(), other.what()),
            other.advice());
      }
      throw malformed(
          tensor,
          "is %d bytes from byte %d of '%s', which has %d"
              .formatted(bytes, place.offset(), place.location(), size),
          "The file is probably cut short; fetch it again.");
    }
  }

  private void requireApart(List<Part> parts) {
    parts.sort(
        Comparator.comparing((Part part) -> key(part.place().location()))
            .thenComparingLong(part -> part.place().offset())
            .thenComparingLong(Part::length));
    for (int i = 1; i < parts.size(); i++) {
      Part before = parts.get(i - 1);
      Part part = parts.get(i);
      boolean isSame =
          part.place().offset() == before.place().offset() && part.length() == before.length();
      if (key(part.place().location()).equals(key(before.place().location()))
          && part.place().offset() < before.end()
          && !isSame) {
        throw malformed(
            part.tensor(),
            "begins at byte %d of '%s', where tensor '%s' goes on to byte %d"
                .formatted(
                    part.place().offset(), part.place().location(), before.tensor(), before.end()),
            EXPORT_AGAIN);
      }
    }
  }

  /// Returns a location in normal form (`./a` is `a`).
  static String key(String location) {
    try {
      return Path.of(location).normalize().toString();
    } catch (InvalidPathException _) {
      return location;
    }
  }

  private Content content(String tensor, String location) {
    Content known = contents.get(key(location));
    if (known != null) {
      return known;
    }
    Path file = inside(tensor, location);
    if (!Files.isRegularFile(file)) {
      throw malformed(
          tensor,
          "is in '%s', which is no file".formatted(location),
          "Put the file of that name beside the model.");
    }
    try (FileChannel channel = FileChannel.open(file)) {
      // The network has no owner that could close the mapping; it is freed with the last tensor.
      MemorySegment bytes =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
      var content = new Content(file, bytes);
      contents.put(key(location), content);
      return content;
    } catch (IOException e) {
      throw unreadable(tensor, location, e);
    }
  }

  /// Returns the path of an external file with links resolved, verified to be in the model's folder
  /// or below.
  ///
  /// A model may be a link (as in the caches of download tools): the file is searched beside the
  /// link, and may lie in the folder of the link or in that of the model itself.
  private Path inside(String tensor, String location) {
    try {
      Path own = model.toRealPath().getParent();
      Path folder = model.toAbsolutePath().getParent();
      Path relative = Path.of(location);
      if (own != null && folder != null && !location.isEmpty() && !relative.isAbsolute()) {
        Path plain = folder.resolve(relative).normalize();
        if (plain.startsWith(folder.normalize())) {
          Path file = plain.toRealPath();
          if (file.startsWith(folder.toRealPath()) || file.startsWith(own)) {
            return file;
          }
        }
      }
    } catch (NoSuchFileException e) {
      throw new MalformedModelException(
          model,
          "tensor '%s' is in '%s', which is not there".formatted(tensor, location),
          "Put that file beside the model.",
          e);
    } catch (IOException e) {
      throw unreadable(tensor, location, e);
    } catch (InvalidPathException _) {
      // A name that no file can have counts as outside.
    }
    throw malformed(
        tensor,
        "is in '%s', outside the model's folder".formatted(location),
        "Falcon reads external data only beside the model or below; move it there and export again.");
  }

  private ExternalPlace place(String tensor, TensorProto proto) {
    try {
      return ExternalPlace.of(proto);
    } catch (IllegalArgumentException e) {
      throw malformed(tensor, String.valueOf(e.getMessage()), EXPORT_AGAIN);
    }
  }

  private MalformedModelException unreadable(String tensor, String location, IOException e) {
    return new MalformedModelException(
        model,
        "tensor '%s' is in '%s', which cannot be read: %s"
            .formatted(tensor, location, e.getMessage()),
        "Check the disk and the permissions.",
        e);
  }

  private MalformedModelException malformed(String tensor, String problem, String advice) {
    return new MalformedModelException(model, "tensor '%s' %s".formatted(tensor, problem), advice);
  }
}
