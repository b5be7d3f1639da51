package falcon.runtime.vector;

import falcon.runtime.loop.EndLoop;
import falcon.runtime.loop.KernelSource;
import falcon.runtime.loop.PointLoop;
import falcon.runtime.loop.RowKernels;
import falcon.runtime.loop.RowLoop;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import jdk.incubator.vector.VectorShape;

/// The loops by vector instructions of 128, 256 or 512 bits.
public final class VectorKernels implements KernelSource {
  private static final int GREATEST_BITS = 512;
  private static final int LEAST_BITS = 128;

  /// With 32 vector registers (AVX-512, NEON) and with 16.
  private static final RowKernels.Widths MANY = new RowKernels.Widths(12, 4);

  private static final RowKernels.Widths FEW = new RowKernels.Widths(12, 2);

  /// @param bits width of vectors
  /// @param steps bytes from vector to vector
  private record Key(int bits, Steps steps) {}

  /// Loops by width: the compiler's work for one is done once per process.
  private final Map<Key, RowKernels> kernels = new ConcurrentHashMap<>();

  /// Found as a service.
  public VectorKernels() {}

  @Override
  public String name() {
    return "vectors of %d bits".formatted(preferredBits());
  }

  @Override
  public List<Integer> widths() {
    int most = preferredBits();
    return IntStream.iterate(most, bits -> bits >= LEAST_BITS, bits -> bits / 2).boxed().toList();
  }

  private static int preferredBits() {
    return Math.clamp(VectorShape.preferredShape().vectorBitSize(), LEAST_BITS, GREATEST_BITS);
  }

  @Override
  public RowKernels kernels(int bits, Steps steps) {
    return kernels.computeIfAbsent(new Key(bits, steps), VectorKernels::define);
  }

  private static RowKernels define(Key key) {
    var first = new VectorWidth(key.bits(), key.steps(), false);
    var next = new VectorWidth(key.bits(), key.steps(), true);
    return new RowKernels(
        key.bits() / Float.SIZE,
        loops(first),
        loops(next),
        instance(VectorEnd.class, EndLoop.class, first),
        instance(VectorPoints.class, PointLoop.class, first),
        preferredBits() == GREATEST_BITS || isArm() ? MANY : FEW);
  }

  private static RowKernels.Loops loops(VectorWidth width) {
    return new RowKernels.Loops(
        instance(ScatteredRows.class, RowLoop.class, width),
        instance(BlockRows.class, RowLoop.class, width));
  }

  private static boolean isArm() {
    return System.getProperty("os.arch", "").equals("aarch64");
  }

  private static <T> T instance(Class<?> template, Class<T> type, VectorWidth width) {
    try (InputStream file = template.getResourceAsStream(template.getSimpleName() + ".class")) {
      if (file == null) {
        throw new IllegalStateException("%s has no class file".formatted(template));
      }
      MethodHandles.Lookup defined =
          MethodHandles.lookup().defineHiddenClassWithClassData(file.readAllBytes(), width, true);
      Object loop =
          defined
              .findConstructor(defined.lookupClass(), MethodType.methodType(void.class))
              .invoke();
      return type.cast(loop);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (Throwable e) {
      throw new IllegalStateException(
          "%s could not be defined for %s".formatted(template, width), e);
    }
  }
}
