package falcon.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/// Reads `.npz` files: zip archives of `.npy` files, stored or deflated, into memory.
public final class NpzFile {
  private static final String SUFFIX = ".npy";

  /// Greatest number of arrays of a file; a network has few inputs.
  private static final int MOST_ARRAYS = 1_000;

  /// Greatest compression ratio of deflate.
  private static final long GREATEST_DEFLATION = 1032;

  /// Greatest share of the Java heap that the arrays of a file may take.
  private static final double HEAP_SHARE = 0.5;

  private NpzFile() {}

  /// Reads the arrays by name, in the order of the archive. All sizes are checked before any array
  /// is read.
  public static SequencedMap<String, NumberArray> read(Path file) {
    ForeignFile.refuse(file, ForeignFile.ZIP);
    try (var zip = new ZipFile(file.toFile())) {
      List<ZipEntry> entries =
          zip.stream()
              .<ZipEntry>map(e -> e)
              .filter(entry -> !isHidden(entry.getName()))
              .limit(MOST_ARRAYS + 1L)
              .toList();
      check(file, entries);
      var arrays = new LinkedHashMap<String, NumberArray>();
      for (ZipEntry entry : entries) {
        NumberArray array = read(file, zip, entry);
        if (arrays.putIfAbsent(array.name(), array) != null) {
          throw damaged(file, "holds two arrays '%s'".formatted(array.name()));
        }
      }
      return Collections.unmodifiableSequencedMap(arrays);
    } catch (ZipException e) {
      throw new MalformedDataException(
          file,
          "cannot be unpacked: %s.".formatted(e.getMessage()),
          "The file is cut short or damaged; save it again (numpy.savez).",
          e);
    } catch (IOException e) {
      throw DataFile.unreadable(file, e);
    }
  }

  /// Returns whether an entry is none of the arrays, but what macOS adds when it packs files.
  private static boolean isHidden(String name) {
    return name.startsWith("__MACOSX/")
        || name.substring(name.lastIndexOf('/') + 1).startsWith(".");
  }

  private static void check(Path file, List<ZipEntry> entries) {
    if (entries.isEmpty() || entries.size() > MOST_ARRAYS) {
      throw damaged(
          file,
          "holds %s arrays; wanted are 1 to %d"
              .formatted(entries.isEmpty() ? "no" : "too many", MOST_ARRAYS));
    }
    long total = 0;
    long length = DataFile.length(file);
    for (ZipEntry entry : entries) {
      if (!entry.getName().endsWith(SUFFIX)) {
        throw damaged(file, "holds '%s', which is no array".formatted(entry.getName()));
      }
      long size = entry.getSize();
      long packed = entry.getCompressedSize();
      if (size < 0 || packed < 0 || packed > length || size > packed * GREATEST_DEFLATION) {
        throw damaged(
            file,
            "states that '%s' has %d bytes, packed into %d"
                .formatted(entry.getName(), size, packed));
      }
      total += size;
    }
    long most = (long) (HEAP_SHARE * Runtime.getRuntime().maxMemory());
    if (total > most) {
      throw new MalformedDataException(
          file,
          "holds %d MiB of arrays; half of the Java heap is %d MiB."
              .formatted(total >> 20, most >> 20),
          "Save each array as a .npy file in a folder instead: these are read sample by sample. Or let the heap grow (FALCON_HEAP=8g).");
    }
  }

  private static NumberArray read(Path file, ZipFile zip, ZipEntry entry) throws IOException {
    String name = entry.getName().substring(0, entry.getName().length() - SUFFIX.length());
    var checksum = new CRC32();
    try (var in = new CheckedInputStream(zip.getInputStream(entry), checksum)) {
      NpyHeader header = NpyHeader.read(file, name, in, entry.getSize());
      NumberArray array = NpyFile.inMemory(file, name, header, in);
      if (in.read() >= 0 || checksum.getValue() != entry.getCrc()) {
        throw damaged(file, "holds an array '%s' that does not fit its checksum".formatted(name));
      }
      return array;
    }
  }

  private static MalformedDataException damaged(Path file, String problem) {
    return new MalformedDataException(
        file,
        problem + ".",
        "The file is damaged or no archive of arrays; save it again (numpy.savez).");
  }
}
