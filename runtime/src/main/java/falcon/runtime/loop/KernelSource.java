package falcon.runtime.loop;

import java.util.List;

/// Makes loops; one implementation in plain Java, one by vector instructions that is found as a
/// service.
public interface KernelSource {
  /// Steps that say "from vector to vector", in bytes.
  ///
  /// @param input bytes between the inputs of two neighbouring vectors; 0 if these touch
  /// @param output bytes between their outputs; 0 if these touch
  record Steps(int input, int output) {
    /// Vectors touch.
    public static final Steps TOUCHING = new Steps(0, 0);
  }

  /// Returns the name for reports.
  String name();

  /// Returns the widths in bits that the processor has, the preferred one first.
  List<Integer> widths();

  /// Returns the loops.
  ///
  /// @param bits one of [#widths]
  RowKernels kernels(int bits, Steps steps);

  /// Returns the one that this process uses: vectors where the JVM has them
  /// (`--add-modules jdk.incubator.vector`), plain Java elsewhere or with
  /// `-Dfalcon.runtime.simd=off`.
  static KernelSource active() {
    return ActiveKernels.get();
  }
}
