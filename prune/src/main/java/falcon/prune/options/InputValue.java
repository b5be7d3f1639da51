package falcon.prune.options;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.shape.FixedInputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The value of an input that is the same for all samples, as people write it: `sr=16000`,
/// `state=zeros`, `mask=1,1,0`, `isLong=true`.
///
/// @param input name of the input
/// @param value `zeros`, `ones`, `true`, `false`, or numbers with commas between them: one for all
///     elements, or each element in order
public record InputValue(String input, String value) {
  /// Checks that neither is empty.
  ///
  /// @throws IllegalArgumentException if one is
  public InputValue {
    if (input.isBlank() || value.isBlank()) {
      throw unreadable(input + "=" + value);
    }
  }

  /// Reads an input and its value with `=` between them.
  ///
  /// @throws IllegalArgumentException if the text is none; the message has the text and examples
  public static InputValue parse(String text) {
    int equals = text.lastIndexOf('=');
    if (equals < 0) {
      throw unreadable(text);
    }
    return new InputValue(text.substring(0, equals).strip(), text.substring(equals + 1).strip());
  }

  private static IllegalArgumentException unreadable(String text) {
    return new IllegalArgumentException(
        "'%s' is no value of an input; write sr=16000, state=zeros or mask=1,1,0".formatted(text));
  }

  /// Returns the network with these inputs fixed: they are not among its inputs any more, and
  /// control flow that depends on them is inlined. A written file keeps them.
  ///
  /// @throws PruningException if there is no such input, two values are for the same, or one does
  ///     not fit its input
  public static Network applied(Network network, List<InputValue> values) {
    var tensors = new LinkedHashMap<String, Tensor>();
    for (InputValue value : values) {
      Tensor tensor = value.tensor(network);
      if (tensors.put(value.input(), tensor) != null) {
        throw value.refused("it is given twice");
      }
    }
    return fixed(network, values, tensors);
  }

  private static Network fixed(
      Network network, List<InputValue> values, Map<String, Tensor> tensors) {
    try {
      return FixedInputs.of(network, tensors);
    } catch (IllegalArgumentException e) {
      throw values.getFirst().refused(String.valueOf(e.getMessage()));
    }
  }

  private Tensor tensor(Network network) {
    ValueInfo declared;
    try {
      declared = FixedInputs.input(network, input);
    } catch (IllegalArgumentException e) {
      throw refused(String.valueOf(e.getMessage()));
    }
    List<String> words =
        switch (value) {
          case "zeros", "false" -> List.of("0");
          case "ones", "true" -> List.of("1");
          default -> Arrays.stream(value.split(",", -1)).map(String::strip).toList();
        };
    DataType type = declared.type() == null ? DataType.FLOAT32 : declared.type();
    Tensor list =
        type.isFloatingPoint() ? reals(declared, type, words) : wholes(declared, type, words);
    return shaped(list, declared);
  }

  private Tensor reals(ValueInfo declared, DataType type, List<String> words) {
    var numbers = new float[words.size()];
    for (int i = 0; i < numbers.length; i++) {
      try {
        numbers[i] = Float.parseFloat(words.get(i));
      } catch (NumberFormatException _) {
        throw refused("input '%s' takes numbers, not '%s'".formatted(declared, words.get(i)));
      }
    }
    return Tensor.ofFloats(type, List.of((long) numbers.length), numbers);
  }

  private Tensor wholes(ValueInfo declared, DataType type, List<String> words) {
    var bytes = new byte[Math.multiplyExact(words.size(), type.bytes())];
    for (int i = 0; i < words.size(); i++) {
      long number;
      try {
        number = Long.parseLong(words.get(i));
      } catch (NumberFormatException _) {
        throw refused("input '%s' takes whole numbers, not '%s'".formatted(declared, words.get(i)));
      }
      if (number < least(type) || number > greatest(type)) {
        throw refused(
            "input '%s' takes numbers from %d to %d, not %d"
                .formatted(declared, least(type), greatest(type), number));
      }
      for (int place = 0; place < type.bytes(); place++) {
        bytes[i * type.bytes() + place] = (byte) (number >> (8 * place));
      }
    }
    return Tensor.ofBytes(type, List.of((long) words.size()), bytes);
  }

  private static boolean isUnsigned(DataType type) {
    return type == DataType.BOOL || type.name().startsWith("U");
  }

  private static long least(DataType type) {
    return isUnsigned(type) ? 0 : -1L << (8 * type.bytes() - 1);
  }

  private static long greatest(DataType type) {
    if (type == DataType.BOOL) {
      return 1;
    }
    int bits = isUnsigned(type) ? 8 * type.bytes() : 8 * type.bytes() - 1;
    return bits >= Long.SIZE - 1 ? Long.MAX_VALUE : (1L << bits) - 1;
  }

  /// Gives a list of several numbers the shape of the input, where all its axes but one are fixed.
  private Tensor shaped(Tensor list, ValueInfo declared) {
    if (list.size() == 1 || declared.dimensions() == null) {
      return list;
    }
    var shape = new ArrayList<Long>();
    long fixed = 1;
    int open = -1;
    for (Dimension dimension : declared.dimensions()) {
      if (dimension instanceof Dimension.Fixed(long size)) {
        fixed = Math.multiplyExact(fixed, size);
        shape.add(size);
      } else if (open >= 0) {
        throw refused("input '%s' leaves several axes open".formatted(declared));
      } else {
        open = shape.size();
        shape.add(1L);
      }
    }
    if (open >= 0 && list.size() % fixed == 0) {
      shape.set(open, list.size() / fixed);
      fixed = list.size();
    }
    if (fixed != list.size()) {
      throw refused("input '%s' does not take %d numbers".formatted(declared, list.size()));
    }
    return Tensor.ofBytes(list.type(), shape, bytes(list));
  }

  private static byte[] bytes(Tensor tensor) {
    var bytes = new byte[tensor.size() * tensor.type().bytes()];
    tensor.bytes().get(bytes);
    return bytes;
  }

  private PruningException refused(String why) {
    return new PruningException(
        PruningException.Kind.USAGE, "%s %s: %s.".formatted(ModelOption.INPUT, this, why));
  }

  @Override
  public String toString() {
    return input + "=" + value;
  }
}
