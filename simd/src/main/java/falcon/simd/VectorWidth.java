package falcon.simd;

import jdk.incubator.vector.VectorShape;
import org.jspecify.annotations.Nullable;

/// The width of all vectors: the one preferred for the processor, or the system property
/// `falcon.simd.bits`.
///
/// The compiler turns a vector operation into an instruction only where the species is a constant;
/// elsewhere vectors are objects, and a hundred times slower. A species that is an argument or a
/// field of an object is a constant only as long as all calls are inlined, which is not guaranteed
/// in a larger process. So each class has its species in `static final` fields, made from this
/// width. Tests of other widths load the classes of this package again.
final class VectorWidth {
  static final String PROPERTY = "falcon.simd.bits";

  /// The greatest width in bits: two vectors of float64 then hold the 16 partial sums of
  /// [SimdMatrix]; wider vectors would hold more.
  private static final int GREATEST_BITS = 512;

  /// The width in bits: 64, 128, 256 or 512.
  static final int BITS = bits(System.getProperty(PROPERTY));

  private VectorWidth() {}

  /// @param given value of the property, if it is set
  private static int bits(@Nullable String given) {
    if (given == null) {
      return Math.min(VectorShape.preferredShape().vectorBitSize(), GREATEST_BITS);
    }
    return switch (given) {
      case "64", "128", "256", "512" -> Integer.parseInt(given);
      default ->
          throw new IllegalStateException(
              "-D%s=%s; it is 64, 128, 256 or 512".formatted(PROPERTY, given));
    };
  }

  /// Returns the shape of this width, or of a greater one where loops need more lanes.
  static VectorShape atLeast(int leastBits) {
    return VectorShape.forBitSize(Math.max(BITS, leastBits));
  }
}
