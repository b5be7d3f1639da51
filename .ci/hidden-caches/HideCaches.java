import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;

/// Replaces `cpuid` by a trap in the places of a library where it is asked for caches: see
/// `cpuid.c`.
///
/// Such a place is the instruction `cpuid` with the number of a leaf that lists caches, 0x8000001d,
/// loaded into a register shortly before it. The file keeps its length and its date, so that it is
/// not unpacked again.
final class HideCaches {
  private static final int[] CPUID = {0x0f, 0xa2};
  private static final int[] TRAP = {0xcc, 0x90};
  private static final int[] LEAF = {0x1d, 0x00, 0x00, 0x80};

  /// Bytes between the leaf's number and the instruction, at most.
  private static final int NEAR = 20;

  public static void main(String[] args) throws IOException {
    Path library = Path.of(args[0]);
    FileTime date = Files.getLastModifiedTime(library);
    int places = 0;
    try (var file = new RandomAccessFile(library.toFile(), "rw")) {
      MappedByteBuffer bytes =
          file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, file.length());
      for (int i = 0; i + NEAR + 6 < bytes.limit(); i++) {
        if (is(bytes, i, LEAF)) {
          for (int j = i + 4; j <= i + 4 + NEAR; j++) {
            if (is(bytes, j, CPUID)) {
              bytes.put(j, (byte) TRAP[0]).put(j + 1, (byte) TRAP[1]);
              places++;
              break;
            }
          }
        }
      }
      bytes.force();
    }
    Files.setLastModifiedTime(library, date);
    System.out.println(library.getFileName() + ": " + places + " places");
    System.exit(places == 0 ? 1 : 0);
  }

  private static boolean is(MappedByteBuffer bytes, int at, int[] wanted) {
    for (int i = 0; i < wanted.length; i++) {
      if ((bytes.get(at + i) & 0xff) != wanted[i]) {
        return false;
      }
    }
    return true;
  }
}
