package falcon.runtime.operator;

/// A node that is ready to run: its operands are places in native memory.
///
/// A step is cut into parts by its data alone, never by the number of threads, and no two parts
/// write the same element: results have the same bits for any number of threads.
public interface Step {
  /// Elements of a part of a step whose work is small for each element.
  int PART = 1 << 15;

  /// Returns the number of parts, which may run at the same time.
  default int parts() {
    return 1;
  }

  /// Computes a part; allocates nothing.
  ///
  /// @param part number of the part, from 0
  /// @param workspace arrays of the calling thread
  void run(int part, Workspace workspace);

  /// Returns the number of parts for that much work.
  ///
  /// @param work number of elements, or of multiplications divided by 16
  /// @param most greatest number of parts
  static int parts(long work, long most) {
    return (int) Math.clamp(Math.ceilDiv(work, PART), 1L, Math.max(1, Math.min(most, 256)));
  }

  /// Returns the first item of a part.
  static int begin(int part, int parts, int items) {
    return (int) ((long) items * part / parts);
  }
}
