package falcon.model.pytorch;

import falcon.model.DataType;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A value built by an [Unpickler]: data of a checkpoint, never anything that can be executed.
///
/// Containers may contain themselves, so nothing here traverses them: they compare by identity and
/// no value has a `toString` that follows references.
sealed interface Value {

  /// Returns the name of the value's kind in messages.
  String kind();

  /// Python's `None`.
  record None() implements Value {
    @Override
    public String kind() {
      return "None";
    }
  }

  /// A truth value.
  record Truth(boolean value) implements Value {
    @Override
    public String kind() {
      return "a truth value";
    }
  }

  /// An integer of any length.
  record Whole(BigInteger value) implements Value {
    @Override
    public String kind() {
      return "an integer";
    }
  }

  /// A floating-point number.
  record Real(double value) implements Value {
    @Override
    public String kind() {
      return "a number";
    }
  }

  /// A string.
  record Text(String value) implements Value {
    @Override
    public String kind() {
      return "a text";
    }
  }

  /// An entry of the allow-list, by its name: a function, or a type, for example `torch.float16`.
  record Named(String name) implements Value {
    @Override
    public String kind() {
      return name;
    }
  }

  /// A class of storages from the allow-list.
  record StorageClass(Globals.StorageType type) implements Value {
    @Override
    public String kind() {
      return type.pythonName();
    }
  }

  /// Something harmless that no weight depends on, for example `torch.device('cpu')`.
  record Inert(String name) implements Value {
    @Override
    public String kind() {
      return name;
    }
  }

  /// A storage: numbers elsewhere in the file.
  ///
  /// @param type the storage's class, for example `torch.FloatStorage`
  /// @param elements length, in elements of that class, zero or more
  record Storage(Globals.StorageType type, String key, long elements) implements Value {
    @Override
    public String kind() {
      return "a storage";
    }

    /// Returns the length in bytes.
    ///
    /// @throws ArithmeticException if it does not fit a long
    long bytes() {
      return Math.multiplyExact(elements, (long) type.elementBytes());
    }
  }

  /// A view of a storage; element `(i_1, …, i_d)` is element `offset + Σ i_k·strides_k` of it.
  ///
  /// @param type type of the elements; null if Falcon has none for it (complex numbers)
  /// @param offset offset in elements of the tensor's type
  /// @param shape sizes, not yet checked
  /// @param strides strides in elements of the tensor's type, not yet checked
  record View(
      @Nullable DataType type, Storage storage, long offset, Sequence shape, Sequence strides)
      implements Value {
    @Override
    public String kind() {
      return "a tensor";
    }
  }

  /// A list, tuple or set.
  final class Sequence implements Value {
    private final List<Value> items;

    Sequence(List<Value> items) {
      this.items = new ArrayList<>(items);
    }

    /// Returns the items themselves; the unpickler adds to them.
    List<Value> items() {
      return items;
    }

    @Override
    public String kind() {
      return "a list or tuple";
    }
  }

  /// A dictionary, restricted to its entries with a text key: the others are never needed.
  final class Dictionary implements Value {
    private final Map<String, Value> entries = new LinkedHashMap<>();

    /// Returns the entries themselves, in insertion order.
    Map<String, Value> entries() {
      return entries;
    }

    void put(Value key, Value value) {
      if (key instanceof Text(String text)) {
        entries.put(text, value);
      }
    }

    @Override
    public String kind() {
      return "a dictionary";
    }
  }
}
