package falcon.model.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Damages protobuf messages so that they stay messages: fields repeated, left out, replaced by
/// extreme numbers, other fields or themselves, at any depth.
final class WireMutations {
  /// A text with a meaning as a path.
  private static final byte[] OTHER = {'.', '.', '/', 'x'};

  private final SplittableRandom random;
  private final Mutations mutations;

  WireMutations(SplittableRandom random, Mutations mutations) {
    this.random = random;
    this.mutations = mutations;
  }

  /// Returns a damaged copy of a message; other bytes are returned unchanged.
  byte[] of(byte[] message) {
    try {
      UnknownFieldSet fields = UnknownFieldSet.parseFrom(message);
      return fields.asMap().isEmpty() ? message : changed(fields).toByteArray();
    } catch (InvalidProtocolBufferException _) {
      return message;
    }
  }

  private UnknownFieldSet changed(UnknownFieldSet fields) {
    List<Integer> numbers = List.copyOf(fields.asMap().keySet());
    int number = numbers.get(random.nextInt(numbers.size()));
    Field field = fields.getField(number);
    UnknownFieldSet.Builder builder = fields.toBuilder();
    List<ByteString> parts = field.getLengthDelimitedList();
    // Mostly deeper, where most of a file is.
    if (!parts.isEmpty() && random.nextInt(4) > 0) {
      return builder.addField(number, inside(field)).build();
    }
    switch (random.nextInt(4)) {
      case 0 -> builder.clearField(number);
      case 1 -> builder.mergeField(number, field);
      case 2 -> builder.mergeField(numbers.get(random.nextInt(numbers.size())), field);
      default -> builder.addField(number, extreme(field));
    }
    return builder.build();
  }

  /// Changes one of the messages or texts of a field.
  private Field inside(Field field) {
    var parts = new ArrayList<>(field.getLengthDelimitedList());
    int index = random.nextInt(parts.size());
    byte[] part = parts.get(index).toByteArray();
    byte[] changed = of(part);
    if (Arrays.equals(changed, part) || random.nextInt(8) == 0) {
      changed = mutations.of(part, OTHER);
    }
    parts.set(index, ByteString.copyFrom(changed));
    Field.Builder builder = Field.newBuilder();
    parts.forEach(builder::addLengthDelimited);
    field.getVarintList().forEach(builder::addVarint);
    return builder.build();
  }

  private Field extreme(Field field) {
    Field.Builder builder = Field.newBuilder();
    int count = Math.max(1, field.getVarintList().size());
    for (int i = 0; i < count; i++) {
      builder.addVarint(
          i < field.getVarintList().size() && random.nextBoolean()
              ? field.getVarintList().get(i)
              : mutations.extreme());
    }
    return builder.build();
  }
}
