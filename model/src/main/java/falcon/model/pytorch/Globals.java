package falcon.model.pytorch;

import falcon.model.DataType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The list of names that a checkpoint may use, and the results of calling them. Everything else is
/// refused; nothing is ever looked up in a runtime.
final class Globals {
  /// A storage class, with the type of its elements where Falcon has one.
  enum StorageType {
    FLOAT("torch.FloatStorage", 4, DataType.FLOAT32),
    DOUBLE("torch.DoubleStorage", 8, DataType.FLOAT64),
    HALF("torch.HalfStorage", 2, DataType.FLOAT16),
    BFLOAT16("torch.BFloat16Storage", 2, DataType.BFLOAT16),
    LONG("torch.LongStorage", 8, DataType.INT64),
    INT("torch.IntStorage", 4, DataType.INT32),
    SHORT("torch.ShortStorage", 2, DataType.INT16),
    CHAR("torch.CharStorage", 1, DataType.INT8),
    BYTE("torch.ByteStorage", 1, DataType.UINT8),
    BOOL("torch.BoolStorage", 1, DataType.BOOL),
    UNTYPED("torch.storage.UntypedStorage", 1, DataType.UINT8),
    COMPLEX_FLOAT("torch.ComplexFloatStorage", 8, null),
    COMPLEX_DOUBLE("torch.ComplexDoubleStorage", 16, null);

    private final String pythonName;
    private final int elementBytes;
    private final @Nullable DataType type;

    StorageType(String pythonName, int elementBytes, @Nullable DataType type) {
      this.pythonName = pythonName;
      this.elementBytes = elementBytes;
      this.type = type;
    }

    /// Returns the name in Python, for example `torch.FloatStorage`.
    String pythonName() {
      return pythonName;
    }

    /// Returns the size of one element, in bytes.
    int elementBytes() {
      return elementBytes;
    }

    @Nullable DataType type() {
      return type;
    }
  }

  private static final Map<String, StorageType> STORAGES = new HashMap<>();

  static {
    for (var type : StorageType.values()) {
      STORAGES.put(type.pythonName, type);
    }
  }

  private static final Map<String, DataType> TYPES =
      Map.ofEntries(
          Map.entry("torch.float32", DataType.FLOAT32),
          Map.entry("torch.float64", DataType.FLOAT64),
          Map.entry("torch.float16", DataType.FLOAT16),
          Map.entry("torch.bfloat16", DataType.BFLOAT16),
          Map.entry("torch.uint8", DataType.UINT8),
          Map.entry("torch.uint16", DataType.UINT16),
          Map.entry("torch.uint32", DataType.UINT32),
          Map.entry("torch.uint64", DataType.UINT64),
          Map.entry("torch.int8", DataType.INT8),
          Map.entry("torch.int16", DataType.INT16),
          Map.entry("torch.int32", DataType.INT32),
          Map.entry("torch.int64", DataType.INT64),
          Map.entry("torch.bool", DataType.BOOL));

  private static final Set<String> CALLABLE =
      Set.of(
          "collections.OrderedDict",
          "collections.Counter",
          "builtins.set",
          "builtins.frozenset",
          "torch.Size",
          "torch.device",
          "torch._utils._rebuild_tensor",
          "torch._utils._rebuild_tensor_v2",
          "torch._utils._rebuild_tensor_v3",
          "torch._utils._rebuild_parameter");

  private Globals() {}

  /// Returns the value of a name of the list; null if the name is not on it.
  static @Nullable Value find(String module, String name) {
    // Python 2 names `builtins` this way; protocol 2 keeps that name.
    var full = (module.equals("__builtin__") ? "builtins" : module) + "." + name;
    var storage = STORAGES.get(full);
    if (storage != null) {
      return new Value.StorageClass(storage);
    }
    return CALLABLE.contains(full) || TYPES.containsKey(full) ? new Value.Named(full) : null;
  }

  /// Returns the result of calling a name of the list.
  ///
  /// @throws IllegalArgumentException if it cannot be called with these arguments; the message
  ///     gives the reason
  static Value call(String name, List<Value> arguments) {
    return switch (name) {
      case "collections.OrderedDict", "collections.Counter" -> dictionary(arguments);
      case "builtins.set", "builtins.frozenset", "torch.Size" ->
          argument(arguments, 0, Value.Sequence.class);
      case "torch.device" -> new Value.Inert(name);
      case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> {
        var storage = argument(arguments, 0, Value.Storage.class);
        yield view(storage.type().type(), storage, arguments);
      }
      case "torch._utils._rebuild_tensor_v3" -> {
        var type = TYPES.get(argument(arguments, 6, Value.Named.class).name());
        yield view(type, argument(arguments, 0, Value.Storage.class), arguments);
      }
      case "torch._utils._rebuild_parameter" -> argument(arguments, 0, Value.View.class);
      default -> throw new IllegalArgumentException("it cannot be called");
    };
  }

  /// Returns the dictionary itself: an indistinguishable copy would only cost memory.
  private static Value dictionary(List<Value> arguments) {
    return arguments.isEmpty()
        ? new Value.Dictionary()
        : argument(arguments, 0, Value.Dictionary.class);
  }

  private static Value.View view(
      @Nullable DataType type, Value.Storage storage, List<Value> arguments) {
    return new Value.View(
        type,
        storage,
        whole(argument(arguments, 1, Value.Whole.class)),
        argument(arguments, 2, Value.Sequence.class),
        argument(arguments, 3, Value.Sequence.class));
  }

  /// Returns the number, which must be zero or more and fit a long.
  static long whole(Value.Whole number) {
    if (number.value().signum() < 0 || number.value().bitLength() > Long.SIZE - 1) {
      throw new IllegalArgumentException("a size, stride or offset is out of range");
    }
    return number.value().longValue();
  }

  private static <T extends Value> T argument(List<Value> arguments, int index, Class<T> type) {
    if (index >= arguments.size()) {
      throw new IllegalArgumentException(
          "%d arguments, argument %d is missing".formatted(arguments.size(), index + 1));
    }
    var argument = arguments.get(index);
    if (!type.isInstance(argument)) {
      throw new IllegalArgumentException("argument %d is %s".formatted(index + 1, argument.kind()));
    }
    return type.cast(argument);
  }
}
