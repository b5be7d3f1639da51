package falcon.runtime.vector;

import falcon.runtime.loop.EndLoop;
import falcon.runtime.loop.Raw;
import falcon.runtime.loop.RowItem;
import falcon.runtime.loop.ScalarActivation;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// What follows the sums, with the bits of [ScalarActivation].
///
/// A template like [ScatteredRows].
final class VectorEnd implements EndLoop {
  private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
  private static final VectorSpecies<Float> FLOATS = WIDTH.floats();
  private static final VectorSpecies<Integer> INTS = WIDTH.ints();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final long STEP = WIDTH.outputStep();
  private static final int FRACTION_BITS = 23;

  VectorEnd() {}

  @Override
  public void run(
      Function function,
      int vectors,
      long items,
      int count,
      int channels,
      long output,
      long residual,
      long keep) {
    for (int i = 0; i < count; i++) {
      long item = (items & Raw.ADDRESS) + (long) i * RowItem.BYTES;
      long pitch = Raw.longAt(item + RowItem.PITCH);
      long plane = output + Raw.longAt(item + RowItem.PLANE);
      for (int channel = 0; channel < channels; channel++) {
        long y = (plane + channel * pitch) & Raw.ADDRESS;
        if (residual != 0) {
          add(vectors, y, (y + residual) & Raw.ADDRESS);
        }
        finish(function, vectors, y, keep & Raw.ADDRESS);
      }
    }
  }

  private static void add(int vectors, long y, long residual) {
    for (int v = 0; v < vectors; v++) {
      load(y + v * STEP)
          .add(load(residual + v * STEP))
          .intoMemorySegment(Raw.MEMORY, y + v * STEP, ORDER);
    }
  }

  private static void finish(Function function, int vectors, long y, long keep) {
    switch (function.activation()) {
      case CLIP -> clip(vectors, y, keep, function.low(), function.high());
      case SIGMOID -> {
        for (int v = 0; v < vectors; v++) {
          store(sigmoid(load(y + v * STEP)), y + v * STEP, keep + v * STEP);
        }
      }
      case SILU -> {
        for (int v = 0; v < vectors; v++) {
          FloatVector x = load(y + v * STEP);
          store(x.mul(sigmoid(x)), y + v * STEP, keep + v * STEP);
        }
      }
      case HARD_SWISH -> {
        for (int v = 0; v < vectors; v++) {
          FloatVector x = load(y + v * STEP);
          FloatVector gate = x.fma(of(ScalarActivation.SIXTH), of(0.5f));
          store(x.mul(clip(gate, of(0), of(1))), y + v * STEP, keep + v * STEP);
        }
      }
      case GELU -> {
        for (int v = 0; v < vectors; v++) {
          store(gelu(load(y + v * STEP)), y + v * STEP, keep + v * STEP);
        }
      }
    }
  }

  private static void clip(int vectors, long y, long keep, float low, float high) {
    FloatVector least = of(low);
    FloatVector most = of(high);
    for (int v = 0; v < vectors; v++) {
      store(clip(load(y + v * STEP), least, most), y + v * STEP, keep + v * STEP);
    }
  }

  private static FloatVector sigmoid(FloatVector x) {
    return of(1).div(exp(x.neg()).add(of(1)));
  }

  private static FloatVector gelu(FloatVector x) {
    FloatVector z = x.abs().mul(of(ScalarActivation.HALF_ROOT));
    FloatVector t = of(1).div(z.fma(of(ScalarActivation.ERROR_SCALE), of(1)));
    FloatVector sum = of(ScalarActivation.error(0));
    sum = sum.fma(t, of(ScalarActivation.error(1)));
    sum = sum.fma(t, of(ScalarActivation.error(2)));
    sum = sum.fma(t, of(ScalarActivation.error(3)));
    sum = sum.fma(t, of(ScalarActivation.error(4)));
    FloatVector rest = sum.mul(t).mul(exp(z.mul(z).neg()));
    FloatVector twice = of(2).sub(rest).blend(rest, x.compare(VectorOperators.LT, of(0)));
    return of(0.5f).mul(x).mul(twice);
  }

  private static FloatVector exp(FloatVector given) {
    FloatVector x =
        clip(given, of(ScalarActivation.LEAST_EXPONENT), of(ScalarActivation.GREATEST_EXPONENT));
    FloatVector rounding = of(ScalarActivation.ROUNDING);
    FloatVector n = x.fma(of(ScalarActivation.LOG2_E), rounding).sub(rounding);
    FloatVector r = n.fma(of(-ScalarActivation.LN2_UPPER), x);
    r = n.fma(of(-ScalarActivation.LN2_LOWER), r);
    FloatVector sum = of(ScalarActivation.exponential(0));
    sum = sum.fma(r, of(ScalarActivation.exponential(1)));
    sum = sum.fma(r, of(ScalarActivation.exponential(2)));
    sum = sum.fma(r, of(ScalarActivation.exponential(3)));
    sum = sum.fma(r, of(ScalarActivation.exponential(4)));
    sum = sum.fma(r, of(ScalarActivation.exponential(5)));
    FloatVector value = sum.fma(r.mul(r), r.add(of(1)));
    IntVector power = (IntVector) n.convertShape(VectorOperators.F2I, INTS, 0);
    return value
        .reinterpretAsInts()
        .add(power.lanewise(VectorOperators.LSHL, FRACTION_BITS))
        .reinterpretAsFloats();
  }

  private static FloatVector clip(FloatVector x, FloatVector low, FloatVector high) {
    FloatVector raised = x.blend(low, x.compare(VectorOperators.LT, low));
    return raised.blend(high, raised.compare(VectorOperators.GT, high));
  }

  private static FloatVector of(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(FLOATS, Raw.MEMORY, address, ORDER);
  }

  private static void store(FloatVector value, long address, long keep) {
    IntVector bits = IntVector.fromMemorySegment(INTS, Raw.MEMORY, keep, ORDER);
    value.reinterpretAsInts().and(bits).intoMemorySegment(Raw.MEMORY, address, ORDER);
  }
}
