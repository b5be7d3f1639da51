package falcon.runtime.vector;

import falcon.runtime.loop.KernelSource.Steps;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The width of the vectors of a class of loops, and where the next vector is.
///
/// The compiler turns vector operations into instructions only where the species is a constant.
/// Each class of loops is therefore a template that is defined as a hidden class per width, with
/// the width as its class data.
///
/// @param bits 64, 128, 256 or 512
/// @param steps bytes from vector to vector
/// @param continues whether sums start from those in the output, not from the bias
record VectorWidth(int bits, Steps steps, boolean continues) {
  /// Returns the width that a class has been defined with.
  ///
  /// @param lookup the class's own
  static VectorWidth ofClass(MethodHandles.Lookup lookup) {
    try {
      return Objects.requireNonNull(
          MethodHandles.classData(lookup, "_", VectorWidth.class),
          "%s is a template; VectorKernels defines it with a width".formatted(lookup));
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("a class may not read its own data", e);
    }
  }

  /// Returns the handles of a class's static methods `run1`, `run2`, … at their numbers.
  ///
  /// @param lookup the class's own
  /// @param numbers which there are, ascending
  static MethodHandle[] loops(MethodHandles.Lookup lookup, int... numbers) {
    MethodType type =
        MethodType.methodType(void.class, long.class, int.class, long.class, long.class);
    var loops = new MethodHandle[numbers[numbers.length - 1] + 1];
    for (int vectors : numbers) {
      try {
        loops[vectors] = lookup.findStatic(lookup.lookupClass(), "run" + vectors, type);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("no loop for %d vectors".formatted(vectors), e);
      }
    }
    return loops;
  }

  VectorSpecies<Float> floats() {
    return VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
  }

  VectorSpecies<Integer> ints() {
    return VectorSpecies.of(int.class, VectorShape.forBitSize(bits));
  }

  long inputStep() {
    return steps.input() == 0 ? bits / Byte.SIZE : steps.input();
  }

  long outputStep() {
    return steps.output() == 0 ? bits / Byte.SIZE : steps.output();
  }
}
