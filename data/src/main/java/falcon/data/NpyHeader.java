package falcon.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The header of a `.npy` file.
///
/// ```
/// "\x93NUMPY", version (2 bytes), length of the text (2 or 4 bytes, little-endian), text:
/// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
/// ```
///
/// Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
///
/// @param type type of the numbers
/// @param isBigEndian whether the first byte of a number is the most significant one
/// @param isFortran whether the first axis runs fastest
/// @param shape all axes, each of size 1 or more; none for a single number
/// @param headerBytes offset at which the numbers begin
record NpyHeader(
    ElementType type, boolean isBigEndian, boolean isFortran, List<Long> shape, int headerBytes) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /// Greatest length of the text, NumPy's own limit.
  private static final int MOST_TEXT = 10_000;

  private static final int MOST_AXES = 32;

  private static final Pattern ENTRY =
      Pattern.compile(
          "\\G\\s*'(descr|fortran_order|shape)'\\s*:\\s*('[^'\\\\]{1,32}'|True|False|\\([0-9,"
              + " ]*\\))\\s*(?:,|(?=\\s*\\}\\s*\\z))");

  private static final Pattern END = Pattern.compile("\\G\\s*\\}\\s*\\z");

  NpyHeader {
    shape = List.copyOf(shape);
  }

  /// Returns the number of samples, the size of the first axis; 1 for a single number.
  int count() {
    return shape.isEmpty() ? 1 : Math.toIntExact(shape.getFirst());
  }

  List<Long> sampleShape() {
    return shape.isEmpty() ? List.of() : shape.subList(1, shape.size());
  }

  /// Returns the number of bytes of one sample, which fits an array.
  int sampleBytes() {
    long bytes = type.bytes();
    for (long size : sampleShape()) {
      bytes = Math.multiplyExact(bytes, size);
    }
    return Math.toIntExact(bytes);
  }

  /// Returns the number of bytes of all numbers.
  long contentBytes() {
    return Math.multiplyExact((long) sampleBytes(), shape.isEmpty() ? 1 : shape.getFirst());
  }

  /// Reads the header; the stream is then at the first number.
  ///
  /// @param file file named in messages
  /// @param name name of the array, for messages
  /// @param length number of bytes of header and numbers together, which the header must agree with
  static NpyHeader read(Path file, String name, InputStream in, long length) throws IOException {
    var start = new byte[MAGIC.length + 2];
    DataFile.readFully(file, in, start, 0, start.length);
    if (!Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw damaged(file, name, "does not begin as a .npy file does");
    }
    int version = start[MAGIC.length];
    if (version < 1 || version > 3) {
      throw damaged(file, name, "is of version %d; known are 1 to 3".formatted(version));
    }
    var lengthBytes = new byte[version == 1 ? 2 : 4];
    DataFile.readFully(file, in, lengthBytes, 0, lengthBytes.length);
    ByteBuffer buffer = ByteBuffer.wrap(lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
    long textBytes = version == 1 ? buffer.getShort() & 0xffff : buffer.getInt() & 0xffffffffL;
    int before = start.length + lengthBytes.length;
    if (textBytes > MOST_TEXT || before + textBytes > length) {
      throw damaged(
          file,
          name,
          "has a header of %d bytes; at most %d are read"
              .formatted(textBytes, Math.min(MOST_TEXT, length - before)));
    }
    var text = new byte[(int) textBytes];
    DataFile.readFully(file, in, text, 0, text.length);
    return parse(
        file, name, new String(text, StandardCharsets.UTF_8), before + text.length, length);
  }

  private static NpyHeader parse(
      Path file, String name, String text, int headerBytes, long length) {
    Map<String, String> entries = entries(file, name, text);
    String descr = required(file, name, entries, "descr");
    String order = required(file, name, entries, "fortran_order");
    String shapeText = required(file, name, entries, "shape");
    if (!descr.startsWith("'")
        || order.startsWith("'")
        || order.startsWith("(")
        || !shapeText.startsWith("(")) {
      throw damaged(file, name, "has a header that cannot be read: " + shown(text));
    }
    ElementType type = type(descr.substring(1, descr.length() - 1));
    if (type == null) {
      throw new MalformedDataException(
          file,
          "array '%s' has elements of type %s.".formatted(name, descr),
          "Save it as float16/32/64, int8/16/32/64, uint8 or bool; pickled objects are never"
              + " read.");
    }
    List<Long> shape = shape(file, name, shapeText);
    var header =
        new NpyHeader(
            type,
            descr.charAt(1) == '>',
            order.equals("True") && shape.size() > 1,
            shape,
            headerBytes);
    header.check(file, name, length);
    return header;
  }

  private static Map<String, String> entries(Path file, String name, String text) {
    String stripped = text.strip();
    Matcher matcher = ENTRY.matcher(stripped);
    Map<String, String> entries = new HashMap<>();
    int at = stripped.startsWith("{") ? 1 : 0;
    boolean isSound = at == 1;
    matcher.region(at, stripped.length());
    while (isSound && matcher.find()) {
      isSound = entries.put(matcher.group(1), matcher.group(2)) == null;
      at = matcher.end();
    }
    if (!isSound || !END.matcher(stripped).region(at, stripped.length()).find()) {
      throw damaged(file, name, "has a header that cannot be read: " + shown(stripped));
    }
    return entries;
  }

  private static String required(Path file, String name, Map<String, String> entries, String key) {
    String value = entries.get(key);
    if (value == null) {
      throw damaged(file, name, "has a header without '%s'".formatted(key));
    }
    return value;
  }

  private static @Nullable ElementType type(String descr) {
    String order = descr.substring(0, 1);
    if (!"<>|".contains(order)) {
      return null;
    }
    return switch (descr.substring(1)) {
      case "f2" -> ElementType.FLOAT16;
      case "f4" -> ElementType.FLOAT32;
      case "f8" -> ElementType.FLOAT64;
      case "i1" -> ElementType.INT8;
      case "i2" -> ElementType.INT16;
      case "i4" -> ElementType.INT32;
      case "i8" -> ElementType.INT64;
      case "u1" -> ElementType.UINT8;
      case "b1" -> ElementType.BOOL;
      default -> null;
    };
  }

  private static List<Long> shape(Path file, String name, String text) {
    List<String> sizes =
        Stream.of(text.substring(1, text.length() - 1).split(",", -1))
            .map(String::strip)
            .filter(size -> !size.isEmpty())
            .toList();
    boolean isSound =
        (!sizes.isEmpty() || text.equals("()"))
            && sizes.size() <= MOST_AXES
            && sizes.stream().allMatch(size -> size.matches("0*[1-9][0-9]{0,17}"));
    if (!isSound) {
      throw damaged(
          file,
          name,
          "has shape %s; wanted are up to %d axes, samples first, of one element or more"
              .formatted(text, MOST_AXES));
    }
    return sizes.stream().map(Long::valueOf).toList();
  }

  private void check(Path file, String name, long length) {
    try {
      if (headerBytes + contentBytes() == length) {
        count(); // It fits an int.
        return;
      }
    } catch (ArithmeticException e) {
      throw new MalformedDataException(
          file,
          "array '%s' of shape %s is beyond what is supported.".formatted(name, shape),
          "At most 2^31 − 1 samples of fewer than 2 GiB each are read.",
          e);
    }
    throw damaged(
        file,
        name,
        "states %s%s, which is %d bytes, but has %d"
            .formatted(type, shape, headerBytes + contentBytes(), length));
  }

  private static String shown(String text) {
    return text.length() > 120 ? text.substring(0, 120) + "…" : text;
  }

  private static MalformedDataException damaged(Path file, String name, String problem) {
    return new MalformedDataException(
        file,
        "array '%s' %s.".formatted(name, problem),
        "The file is damaged or no array; save it again (numpy.save, numpy.savez).");
  }
}
