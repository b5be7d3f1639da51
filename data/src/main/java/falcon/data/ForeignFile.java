package falcon.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Files that often lie where data should be, recognised by their first bytes.
public enum ForeignFile {
  /// Nothing was written.
  EMPTY("is empty (0 bytes)", "Fetch it again; a download that fails leaves such a file behind."),

  /// A text in place of a file that Git keeps elsewhere.
  GIT_LFS(
      "is a Git LFS pointer: a text in place of the file itself",
      "Fetch the content (git lfs pull, in the folder of the repository), or download the file itself."),

  /// What a server answers in place of a file.
  HTML(
      "is an HTML page, as servers send in place of a file that is missing or needs a login",
      "Open the address in a browser, and fetch the file itself."),

  /// A file or a tar archive packed by gzip.
  GZIP(
      "is packed by gzip",
      "Unpack it (tar xzf for .tar.gz and .tgz, else gunzip), and name what comes out."),

  /// An archive of zip.
  ZIP("is a zip archive", "Unpack it (unzip), and name the folder that comes out."),

  /// An archive of tar.
  TAR("is a tar archive", "Unpack it (tar xf), and name the folder that comes out."),

  /// Another packed file.
  PACKED("is a packed file (bzip2, xz, zstd, 7z or rar)", "Unpack it, and name what comes out."),

  /// HDF5, which Keras and h5py write.
  HDF5(
      "is an HDF5 file",
      "Save its arrays with numpy.savez, each named like the network's input that it is for."),

  /// A table of Apache Parquet.
  PARQUET(
      "is a Parquet table",
      "Save its columns as NumPy arrays (numpy.savez), or its images as files in a folder a class."),

  /// Objects of Python, which may run any code.
  PICKLE(
      "holds pickled Python objects, which are not read because they may run any code",
      "Save its arrays with numpy.savez; of CIFAR-10 fetch the binary version.");

  private static final int START_BYTES = 512;
  private static final int TAR_MAGIC_AT = 257;

  private final String what;
  private final String advice;

  ForeignFile(String what, String advice) {
    this.what = what;
    this.advice = advice;
  }

  /// Returns the kind of a file, null if it is none of these or cannot be read.
  public static @Nullable ForeignFile of(Path file) {
    try (var in = Files.newInputStream(file)) {
      return of(in.readNBytes(START_BYTES));
    } catch (IOException e) {
      return null; // whoever reads it says why it cannot be read
    }
  }

  /// Returns the kind of a file with these first bytes, null if it is none of these.
  static @Nullable ForeignFile of(byte... start) {
    if (start.length == 0) {
      return EMPTY;
    }
    String latin = new String(start, StandardCharsets.ISO_8859_1);
    if (latin.startsWith("version https://git-lfs.github.com/spec/")) {
      return GIT_LFS;
    }
    if (isHtml(latin)) {
      return HTML;
    }
    if (latin.startsWith("\u001f\u008b")) {
      return GZIP;
    }
    if (latin.startsWith("PK\u0003\u0004") || latin.startsWith("PK\u0005\u0006")) {
      return ZIP;
    }
    if (latin.startsWith("ustar", TAR_MAGIC_AT)) {
      return TAR;
    }
    if (latin.startsWith("BZh")
        || latin.startsWith("\u00fd7zXZ")
        || latin.startsWith("(\u00b5/\u00fd")
        || latin.startsWith("7z\u00bc\u00af")
        || latin.startsWith("Rar!")) {
      return PACKED;
    }
    if (latin.startsWith("\u0089HDF\r\n")) {
      return HDF5;
    }
    if (latin.startsWith("PAR1")) {
      return PARQUET;
    }
    boolean isPickle =
        start.length > 1 && (start[0] & 0xff) == 0x80 && start[1] >= 2 && start[1] <= 5;
    return isPickle ? PICKLE : null;
  }

  private static boolean isHtml(String latin) {
    String text = latin.startsWith("\u00ef\u00bb\u00bf") ? latin.substring(3) : latin;
    String lower = text.stripLeading().toLowerCase(Locale.ROOT);
    return lower.startsWith("<!doctype html")
        || lower.startsWith("<html")
        || lower.startsWith("<head");
  }

  /// Returns what the file is, as the predicate of a sentence.
  public String what() {
    return what;
  }

  /// Returns the exception for a file of this kind.
  public MalformedDataException refused(Path file) {
    return new MalformedDataException(file, what + ".", advice);
  }

  /// Makes sure that a file is not of one of these kinds, but for those that are wanted.
  ///
  /// @throws MalformedDataException if it is; says which
  public static void refuse(Path file, ForeignFile... wanted) {
    ForeignFile found = of(file);
    for (ForeignFile kind : wanted) {
      if (kind == found) {
        return;
      }
    }
    if (found != null) {
      throw found.refused(file);
    }
  }
}
