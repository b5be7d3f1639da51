package falcon.model.pytorch;

import falcon.model.DataType;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an [Unpickler] builds: data of a checkpoint, never anything that runs.
///
/// Containers may hold themselves, so nothing here walks them: they compare by identity and no
/// value has a `toString` that follows references.
sealed interface Value {

  /// What the value is called in messages.
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

  /// Something of the allow-list, by its name: a function, or a type such as `torch.float16`.
  record Named(String name) implements Value {
    @Override
    public String kind() {
      return name;
    }
  }

  /// A class of storages, of the allow-list.
  record StorageClass(Globals.StorageType type) implements Value {
    @Override
    public String kind() {
      return type.pythonName();
    }
  }

  /// Something harmless that no weight depends on, such as `torch.device('cpu')`.
  record Inert(String name) implements Value {
    @Override
    public String kind() {
      return name;
    }
  }

  /// Numbers that lie elsewhere in the file.
  ///
  /// @param type the storage's class, such as `torch.FloatStorage`
  /// @param elements length, in elements of that class, zero or more
  record Storage(Globals.StorageType type, String key, long elements) implements Value {
    @Override
    public String kind() {
      return "a storage";
    }

    /// Length in bytes.
    ///
    /// @throws ArithmeticException if it does not fit a long
    long bytes() {
      return Math.multiplyExact(elements, (long) type.elementBytes());
    }
  }

  /// A view of a storage; element `(i_1, …, i_d)` is element `offset + Σ i_k·strides_k` of it.
  ///
  /// @param type type of the elements; null if Falcon has none for it (complex numbers)
  /// @param offset in elements of the tensor's type
  /// @param shape sizes, not yet checked
  /// @param strides in elements of the tensor's type, not yet checked
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

    /// The items themselves; the unpickler adds to them.
    List<Value> items() {
      return items;
    }

    @Override
    public String kind() {
      return "a list or tuple";
    }
  }

  /// A dictionary, or rather its entries with text for a key: nothing asks for the others.
  final class Dictionary implements Value {
    private final Map<String, Value> entries = new LinkedHashMap<>();

    /// The entries themselves, in the order in which they came.
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
