package falcon.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/// Files that are often given where a network should be, recognised by their first bytes, or by the
/// names inside an archive.
public enum ForeignModel {
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

  /// An archive of tar.
  TAR("is a tar archive", "Unpack it (tar xf), and name the network that comes out."),

  /// Another packed file.
  PACKED(
      "is a packed file (bzip2, xz, zstd, 7z or rar)",
      "Unpack it, and name the network that comes out."),

  /// A network of TensorFlow Lite.
  TFLITE(
      "is a TensorFlow Lite network (.tflite)",
      "Convert it to ONNX, for example by tf2onnx (its option tflite)."),

  /// A network of ONNX Runtime.
  ORT(
      "is a network in ONNX Runtime's own format (.ort)",
      "Give the .onnx file that it was made from."),

  /// HDF5, which Keras 2 writes.
  HDF5(
      "is an HDF5 file, as Keras saves networks (.h5)",
      "Load it in Keras and convert it to ONNX: model.export(\"net.onnx\", format=\"onnx\"), or tf2onnx."),

  /// A SavedModel of TensorFlow.
  SAVED_MODEL(
      "is a TensorFlow SavedModel",
      "Convert its folder to ONNX, for example by tf2onnx (its option saved-model)."),

  /// A GraphDef of TensorFlow.
  TENSORFLOW_GRAPH(
      "is a graph of TensorFlow (.pb)",
      "Convert it to ONNX, for example by tf2onnx (its option graphdef, with the names of inputs and outputs)."),

  /// A network of llama.cpp.
  GGUF(
      "is a GGUF file",
      "Give the network as ONNX; quantised language models of llama.cpp are not read."),

  /// Arrays of NumPy.
  NUMPY(
      "holds NumPy arrays",
      "Give them as samples; the network itself is a file of ONNX or weights of a built-in architecture."),

  /// An archive of Keras 3.
  KERAS(
      "is a Keras network (.keras)",
      "Load it in Keras and convert it to ONNX: model.export(\"net.onnx\", format=\"onnx\"), or tf2onnx."),

  /// An archive of TorchScript.
  TORCH_SCRIPT(
      "is a TorchScript archive (torch.jit.save)",
      "Export the network as ONNX (torch.onnx.export), or save its weights alone, torch.save(model.state_dict(), \"weights.pth\")."),

  /// An archive of `torch.export`.
  EXPORTED_PROGRAM(
      "is an exported program of PyTorch (torch.export.save)",
      "Export the network as ONNX: torch.onnx.export(program).save(\"net.onnx\")."),

  /// Another archive of zip.
  ZIP(
      "is a zip archive without a PyTorch checkpoint in it",
      "Unpack it (unzip), and name the network that comes out."),

  /// The graph of a network of OpenVINO.
  OPENVINO(
      "is a network of OpenVINO (.xml with .bin)",
      "Give the file that it was converted from, as ONNX."),

  /// Another XML file.
  XML("is an XML file", "Give the network as ONNX."),

  /// A JSON text.
  JSON(
      "is a JSON text",
      "Give the network as ONNX; of TensorFlow.js and the like convert the original.");

  private static final int START_BYTES = 4096;
  private static final int TAR_MAGIC_AT = 257;

  /// Greatest number of names of an archive that are looked at.
  private static final int MOST_NAMES = 10_000;

  private final String what;
  private final String advice;

  ForeignModel(String what, String advice) {
    this.what = what;
    this.advice = advice;
  }

  /// Returns what the file is, as the predicate of a sentence.
  public String what() {
    return what;
  }

  /// Returns what to do in place of giving it.
  public String advice() {
    return advice;
  }

  /// Returns the kind of a file.
  ///
  /// @return null if it is none of these, or cannot be read: whoever reads it says why
  public static @Nullable ForeignModel of(Path path) {
    byte[] start;
    try (var in = Files.newInputStream(path)) {
      start = in.readNBytes(START_BYTES);
    } catch (IOException e) {
      return null;
    }
    String latin = new String(start, StandardCharsets.ISO_8859_1);
    if (latin.isEmpty()) {
      return EMPTY;
    }
    if (latin.startsWith("PK\u0003\u0004") || latin.startsWith("PK\u0005\u0006")) {
      return ofZip(path);
    }
    ForeignModel binary = ofBinary(latin);
    return binary == null ? ofText(latin) : binary;
  }

  private static @Nullable ForeignModel ofBinary(String latin) {
    if (latin.startsWith("\u001f\u008b")) {
      return GZIP;
    }
    if (latin.startsWith("ustar", TAR_MAGIC_AT)) {
      return TAR;
    }
    if (Stream.of("BZh", "\u00fd7zXZ", "(\u00b5/\u00fd", "7z\u00bc\u00af", "Rar!")
        .anyMatch(latin::startsWith)) {
      return PACKED;
    }
    if (latin.startsWith("TFL3", 4)) {
      return TFLITE;
    }
    if (latin.startsWith("ORTM", 4)) {
      return ORT;
    }
    if (latin.startsWith("\u0089HDF\r\n")) {
      return HDF5;
    }
    if (latin.startsWith("GGUF")) {
      return GGUF;
    }
    if (latin.startsWith("\u0093NUMPY")) {
      return NUMPY;
    }
    // SavedModel: field 1 is the version 1 of its schema, field 2 a graph with its own fields.
    if (latin.startsWith("\b\u0001\u0012")) {
      return SAVED_MODEL;
    }
    return isGraph(latin) ? TENSORFLOW_GRAPH : null;
  }

  /// Whether a file begins like a GraphDef: field 1 is a node, whose fields 1 and 2 are its name
  /// and its operator. An ONNX model never begins so, since its field 1 is a number.
  private static boolean isGraph(String latin) {
    if (latin.length() < 4 || latin.charAt(0) != '\n') {
      return false;
    }
    int at = 1;
    while (at < latin.length() - 2 && latin.charAt(at) >= 0x80) {
      at++;
    }
    at++; // behind the length of the node
    if (at + 1 >= latin.length() || latin.charAt(at) != '\n') {
      return false;
    }
    int name = latin.charAt(at + 1);
    int operator = at + 2 + name;
    return name < 0x80 && operator < latin.length() && latin.charAt(operator) == 0x12;
  }

  private static @Nullable ForeignModel ofText(String latin) {
    String text =
        (latin.startsWith("\u00ef\u00bb\u00bf") ? latin.substring(3) : latin).stripLeading();
    String lower = text.toLowerCase(Locale.ROOT);
    if (text.startsWith("version https://git-lfs.github.com/spec/")) {
      return GIT_LFS;
    }
    if (lower.startsWith("<!doctype html")
        || lower.startsWith("<html")
        || lower.startsWith("<head")) {
      return HTML;
    }
    if (lower.startsWith("<?xml") || lower.startsWith("<net ")) {
      return lower.contains("<net ") ? OPENVINO : XML;
    }
    return text.startsWith("{\"") || text.matches("(?s)\\{\\s+\".*") ? JSON : null;
  }

  /// @return null if a PyTorch checkpoint may be in it
  private static @Nullable ForeignModel ofZip(Path path) {
    List<String> names;
    try (var zip = new ZipFile(path.toFile())) {
      names = zip.stream().limit(MOST_NAMES).map(ZipEntry::getName).toList();
    } catch (IOException | IllegalArgumentException e) {
      return null;
    }
    Predicate<String> has = end -> names.stream().anyMatch(name -> name.endsWith(end));
    if (has.test("model.weights.h5")) {
      return KERAS;
    }
    if (has.test("constants.pkl") || names.stream().anyMatch(name -> name.contains("/code/"))) {
      return TORCH_SCRIPT;
    }
    if (has.test("serialized_exported_program.json") || has.test("archive_format")) {
      return EXPORTED_PROGRAM;
    }
    if (has.test(".npy")) {
      return NUMPY;
    }
    return has.test("data.pkl") ? null : ZIP;
  }
}
