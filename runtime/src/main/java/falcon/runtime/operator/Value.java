package falcon.runtime.operator;

import falcon.model.DataType;
import falcon.model.Tensor;
import falcon.model.operator.InferredValue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A value of a network that is compiled for one shape: a constant, or a place in native memory
/// that a step fills.
///
/// Elements are row-major, stored as [Storage] says. The memory of a constant is filled at its
/// first use.
public final class Value {
  /// Bytes behind the last element: two vectors of 512 bits.
  private static final long SLACK = 128;

  private final String name;
  private final Form form;
  private final int elements;
  private final @Nullable Tensor tensor;
  private final @Nullable Arena arena;
  private final @Nullable Planes planes;
  private @Nullable MemorySegment room;
  private @Nullable MemorySegment memory;
  private @Nullable InferredValue inferred;

  private Value(
      String name,
      Form form,
      @Nullable Tensor tensor,
      @Nullable Arena arena,
      @Nullable Planes planes) {
    this.name = name;
    this.form = form;
    this.elements = Math.toIntExact(Tensor.elements(form.shape()));
    this.tensor = tensor;
    this.arena = arena;
    this.planes = planes;
  }

  /// Creates a value that is computed when the network runs.
  ///
  /// @throws ArithmeticException if it has more than 2^31 − 1 elements
  public static Value computed(String name, Form form) {
    return new Value(name, form, null, null, null);
  }

  /// Creates the same value in planes, as compiled layers read and write it.
  public Value in(Planes other) {
    return new Value(name, form, null, null, other);
  }

  /// Creates a constant.
  ///
  /// @param arena owner of its native memory
  public static Value constant(String name, Tensor tensor, Arena arena) {
    return new Value(name, new Form(tensor.type(), tensor.shape()), tensor, arena, null);
  }

  /// Creates a constant that is in native memory already.
  public static Value constant(String name, Form form, MemorySegment memory, Arena arena) {
    var value = new Value(name, form, null, arena, null);
    value.memory = memory;
    return value;
  }

  /// Returns its name in the network.
  public String name() {
    return name;
  }

  /// Returns its type and shape.
  public Form form() {
    return form;
  }

  /// Returns the type of its elements.
  public DataType type() {
    return form.type();
  }

  /// Returns how its elements are stored.
  public Storage storage() {
    return Storage.of(form.type());
  }

  /// Returns whether its elements are known before the network runs.
  public boolean isConstant() {
    return arena != null;
  }

  /// Returns the number of axes.
  public int rank() {
    return form.shape().size();
  }

  /// Returns the size of an axis.
  public int size(int axis) {
    return form.shape().get(axis).intValue();
  }

  /// Returns the sizes of all axes.
  public int[] shape() {
    return form.shape().stream().mapToInt(Long::intValue).toArray();
  }

  /// Returns the number of elements.
  public int elements() {
    return elements;
  }

  /// Returns the size of its elements in native memory.
  public long bytes() {
    return planes == null ? (long) elements * storage().bytes() : planes.layout().bytes();
  }

  /// Returns the size of the memory that is set apart for it: some more than its elements take,
  /// since vectors may end behind the last one.
  public long roomBytes() {
    return planes == null ? bytes() + SLACK : bytes();
  }

  /// Returns the form of its elements; null for row-major without gaps.
  public @Nullable Planes planes() {
    return planes;
  }

  /// Sets the place of a computed value.
  ///
  /// @param place of [#roomBytes]
  public void place(MemorySegment place) {
    room = place;
    memory = place.asSlice(0, bytes());
  }

  /// Returns its place with what is set apart behind it.
  ///
  /// @throws IllegalStateException if it is a constant, or has no place yet
  public MemorySegment room() {
    MemorySegment place = room;
    if (place == null) {
      throw new IllegalStateException("value '%s' has no place".formatted(name));
    }
    return place;
  }

  /// Returns its place in native memory.
  ///
  /// @throws IllegalStateException if it is computed and has no place yet
  public MemorySegment memory() {
    MemorySegment place = memory;
    if (place == null) {
      if (tensor == null || arena == null) {
        throw new IllegalStateException("value '%s' has no place".formatted(name));
      }
      place = arena.allocate(Math.max(1, bytes()), 64).asSlice(0, bytes());
      Tensors.write(tensor, place);
      memory = place;
    }
    return place;
  }

  /// Returns what shape rules know of it: the shape, and its numbers if it is a small constant.
  public InferredValue inferred() {
    InferredValue known = inferred;
    if (known == null) {
      known =
          isConstant() && elements <= 4096
              ? InferredValue.of(tensor())
              : InferredValue.ofShape(form.shape());
      inferred = known;
    }
    return known;
  }

  /// Returns a constant as a tensor of its type.
  public Tensor tensor() {
    return tensor != null ? tensor : Tensors.read(memory(), form);
  }

  /// Returns the elements of a constant of real numbers.
  public float[] floats() {
    return tensor != null ? tensor.toFloats() : memory().toArray(ValueLayout.JAVA_FLOAT);
  }

  /// Returns the elements of a constant of whole numbers or truth values.
  public long[] longs() {
    return tensor().toLongs();
  }

  /// Returns the elements of a constant of any type.
  public double[] doubles() {
    return type().isFloatingPoint()
        ? tensor().toDoubles()
        : Arrays.stream(longs()).asDoubleStream().toArray();
  }

  /// Returns whether the shape is this one.
  boolean hasShape(List<Long> shape) {
    return form.shape().equals(shape);
  }

  @Override
  public String toString() {
    return name + " " + form.type() + form.shape();
  }
}
