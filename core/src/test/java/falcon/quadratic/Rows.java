package falcon.quadratic;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Rows of a gradient matrix in the form that calibration supplies.
public final class Rows {
  private Rows() {}

  /// Returns a copy in native memory, which the garbage collector frees.
  public static MemorySegment of(float... values) {
    return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }
}
