package falcon.runtime.loop;

import java.util.List;

/// The loops in plain Java: the definition of what they compute.
public final class ScalarKernels implements KernelSource {
  /// Positions of what the loops call a vector.
  private static final int LANES = 16;

  private static final int BYTES = LANES * Float.BYTES;

  /// Most vectors at a time: their sums stay in the first-level cache.
  private static final RowKernels.Widths WIDTHS = new RowKernels.Widths(12, 4);

  /// The plain twin; stateless.
  public ScalarKernels() {}

  @Override
  public String name() {
    return "plain Java";
  }

  @Override
  public List<Integer> widths() {
    return List.of(BYTES * Byte.SIZE);
  }

  @Override
  public RowKernels kernels(int bits, Steps steps) {
    int input = steps.input() == 0 ? BYTES : steps.input();
    int output = steps.output() == 0 ? BYTES : steps.output();
    return new RowKernels(
        LANES,
        loops(new Cut(input, output, false)),
        loops(new Cut(input, output, true)),
        (function, vectors, items, count, channels, y, residual, keep) -> {
          for (int i = 0; i < count; i++) {
            long item = items + (long) i * RowItem.BYTES;
            for (int r = 0; r < channels; r++) {
              for (int v = 0; v < vectors; v++) {
                long at = (long) v * output;
                end(function, plane(item, y, r) + at, residual, keep + at);
              }
            }
          }
        },
        ScalarKernels::point,
        WIDTHS);
  }

  private static void point(int vectors, int inputs, long weights, long input, long output) {
    for (int k = 0; k < inputs; k++) {
      float x = Raw.floatAt(input + (long) k * Float.BYTES);
      for (int v = 0; v < vectors; v++) {
        add(x, weights + ((long) k * vectors + v) * BYTES, output + (long) v * BYTES);
      }
    }
  }

  private static RowKernels.Loops loops(Cut cut) {
    return new RowKernels.Loops(
        (vectors, items, count, x, y) -> rows(cut, 1, vectors, items, count, x, y),
        (vectors, items, count, x, y) -> rows(cut, RowItem.BLOCK, vectors, items, count, x, y));
  }

  /// @param input bytes from vector to vector of the input
  /// @param output bytes from vector to vector of the output
  /// @param continues whether sums continue those of the output
  private record Cut(int input, int output, boolean continues) {}

  /// @param channels output channels of an item, and weights of a record
  private static void rows(
      Cut cut, int channels, int vectors, long items, int count, long input, long output) {
    int size = Integer.BYTES + channels * Float.BYTES;
    for (int i = 0; i < count; i++) {
      long item = items + (long) i * RowItem.BYTES;
      long stream = Raw.longAt(item + RowItem.STREAM);
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int r = 0; r < channels; r++) {
        long y = output + Raw.longAt(item + RowItem.PLANE) + r * Raw.longAt(item + RowItem.PITCH);
        float bias = Raw.floatAt(item + RowItem.BIAS + (long) r * Float.BYTES);
        for (int v = 0; v < vectors; v++) {
          long to = y + (long) v * cut.output();
          if (!cut.continues()) {
            start(to, bias);
          }
          for (int k = 0; k < records; k++) {
            long entry = stream + (long) k * size;
            float weight = Raw.floatAt(entry + Integer.BYTES + (long) r * Float.BYTES);
            add(weight, input + Raw.intAt(entry) + (long) v * cut.input(), to);
          }
        }
      }
    }
  }

  /// Returns the address of the outputs of a channel of an item.
  private static long plane(long item, long output, int channel) {
    return output + Raw.longAt(item + RowItem.PLANE) + channel * Raw.longAt(item + RowItem.PITCH);
  }

  private static void start(long output, float bias) {
    for (int lane = 0; lane < LANES; lane++) {
      Raw.set(output + (long) lane * Float.BYTES, bias);
    }
  }

  private static void add(float weight, long input, long output) {
    for (int lane = 0; lane < LANES; lane++) {
      long at = (long) lane * Float.BYTES;
      Raw.set(output + at, Math.fma(weight, Raw.floatAt(input + at), Raw.floatAt(output + at)));
    }
  }

  private static void end(EndLoop.Function function, long output, long residual, long keep) {
    for (int lane = 0; lane < LANES; lane++) {
      long at = output + (long) lane * Float.BYTES;
      float sum = Raw.floatAt(at);
      float value = residual == 0 ? sum : sum + Raw.floatAt(at + residual);
      int bits = Float.floatToRawIntBits(ScalarActivation.of(function, value));
      Raw.set(at, Float.intBitsToFloat(bits & Raw.intAt(keep + (long) lane * Float.BYTES)));
    }
  }
}
