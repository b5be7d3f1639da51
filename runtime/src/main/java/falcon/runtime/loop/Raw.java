package falcon.runtime.loop;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The process's native memory by address, for loops whose addresses have been checked before.
///
/// A segment that is a constant and ends at the greatest address costs no check of bounds or
/// lifetime in a loop: the compiler drops them where it knows that an address is not negative,
/// which [#ADDRESS] tells it. With segments of their own, V loads per weight cost 15 to 20 % more.
public final class Raw {
  /// All memory.
  @SuppressWarnings("restricted") // its users check every address when a layer is compiled
  public static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /// The bits of an address.
  public static final long ADDRESS = (1L << 56) - 1;

  /// The bits of an offset in a stream.
  public static final int OFFSET = Integer.MAX_VALUE;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private Raw() {}

  /// Returns the float32 at an address.
  public static float floatAt(long address) {
    return MEMORY.get(FLOAT, address);
  }

  /// Returns the int at an address.
  public static int intAt(long address) {
    return MEMORY.get(INT, address);
  }

  /// Returns the long at an address.
  public static long longAt(long address) {
    return MEMORY.get(LONG, address);
  }

  /// Sets the float32 at an address.
  public static void set(long address, float value) {
    MEMORY.set(FLOAT, address, value);
  }
}
