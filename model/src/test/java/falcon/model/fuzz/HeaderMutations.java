package falcon.model.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.regex.Pattern;

/// Damages the header of a safetensors file: numbers made extreme, types changed, brackets and
/// entries repeated; the stated length stays right.
final class HeaderMutations {
  private static final int COUNT_BYTES = 8;
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");
  private static final String[] TYPES = {
    "F64", "F32", "F16", "BF16", "I64", "I8", "BOOL", "F8_E5M2"
  };

  private final SplittableRandom random;
  private final Mutations mutations;

  HeaderMutations(SplittableRandom random, Mutations mutations) {
    this.random = random;
    this.mutations = mutations;
  }

  /// Returns a damaged copy.
  byte[] of(byte[] file) {
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) buffer.getLong(0);
    String header = new String(file, COUNT_BYTES, length, StandardCharsets.UTF_8);
    byte[] changed = changed(header).getBytes(StandardCharsets.UTF_8);
    byte[] whole = Mutations.joined(file, COUNT_BYTES, changed, COUNT_BYTES + length);
    ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(0, changed.length);
    return whole;
  }

  private String changed(String header) {
    return switch (random.nextInt(4)) {
      case 0 -> {
        int chosen = random.nextInt(1 + (int) NUMBER.matcher(header).results().count());
        var count = new int[1];
        yield NUMBER
            .matcher(header)
            .replaceAll(
                match -> count[0]++ == chosen ? Long.toString(mutations.extreme()) : match.group());
      }
      case 1 ->
          header.replaceFirst(
              "\"(F|I|BF)[0-9]+\"", '"' + TYPES[random.nextInt(TYPES.length)] + '"');
      case 2 -> {
        int at = random.nextInt(header.length());
        yield header.substring(0, at)
            + "[{\"".charAt(random.nextInt(3))
            + header.substring(random.nextInt(at + 1));
      }
      default -> {
        byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
        yield new String(mutations.of(bytes, bytes), StandardCharsets.UTF_8);
      }
    };
  }
}
