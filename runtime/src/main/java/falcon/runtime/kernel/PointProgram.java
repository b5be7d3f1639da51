package falcon.runtime.kernel;

import falcon.runtime.loop.EndLoop;
import falcon.runtime.loop.Raw;
import falcon.runtime.loop.RowItem;
import falcon.runtime.loop.ScalarActivation;
import java.lang.foreign.Arena;

/// A product of a sparse matrix and one vector per image: four partial sums per output, taken in
/// turn and added in pairs, so that additions do not wait for each other.
final class PointProgram implements LayerProgram {
  /// Kept weights of a part at least.
  private static final long PART_WORK = 20_000;

  private static final int MOST_PARTS = 8;

  private final Streams streams;
  private final Layouts layouts;
  private final EndLoop.Function function;
  private final int parts;

  private PointProgram(Streams streams, Layouts layouts, Epilogue epilogue) {
    this.streams = streams;
    this.layouts = layouts;
    function = epilogue.function();
    this.parts =
        Math.clamp(
            streams.bytes() / RowItem.SCATTERED_RECORD / PART_WORK,
            1,
            Math.min(MOST_PARTS, streams.singles()));
  }

  static PointProgram of(LayerWeights weights, Epilogue epilogue, Layouts layouts, Arena arena) {
    Streams streams =
        new Streams.Writer(weights, layouts, LayerChoice.SCATTERED)
            .write(arena, epilogue, weights.inputsOfGroup());
    PlaneLayout input = layouts.input();
    streams.check((long) (input.extent().channels() - 1) * Float.BYTES);
    return new PointProgram(streams, layouts, epilogue);
  }

  @Override
  public int parts() {
    return parts;
  }

  @Override
  public long streamBytes() {
    return streams.bytes();
  }

  @Override
  public void run(long input, long residual, long output, int part) {
    int from = (int) ((long) streams.singles() * part / parts);
    int to = (int) ((long) streams.singles() * (part + 1) / parts);
    for (int image = 0; image < layouts.input().extent().images(); image++) {
      long x = input + image * layouts.input().blockPitch() * Float.BYTES;
      long place = image * layouts.output().blockPitch() * Float.BYTES;
      for (int row = from; row < to; row++) {
        long item = streams.item(0, row);
        long at = place + Raw.longAt(item + RowItem.PLANE);
        float sum = sum(item, x & Raw.ADDRESS) + Raw.floatAt(item + RowItem.BIAS);
        float value = residual == 0 ? sum : sum + Raw.floatAt(residual + at);
        Raw.set(output + at, ScalarActivation.of(function, value));
      }
    }
  }

  private static float sum(long item, long x) {
    long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
    int count = Raw.intAt(item + RowItem.COUNT);
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int k = 0;
    for (; k <= count - 4; k += 4) {
      long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
      a = Math.fma(weight(entry), input(x, entry), a);
      b = Math.fma(weight(entry + 8), input(x, entry + 8), b);
      c = Math.fma(weight(entry + 16), input(x, entry + 16), c);
      d = Math.fma(weight(entry + 24), input(x, entry + 24), d);
    }
    for (; k < count; k++) {
      long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
      a = Math.fma(weight(entry), input(x, entry), a);
    }
    return (a + b) + (c + d);
  }

  private static float weight(long entry) {
    return Raw.floatAt(entry + Integer.BYTES);
  }

  private static float input(long x, long entry) {
    return Raw.floatAt(x + (Raw.intAt(entry) & Raw.OFFSET));
  }
}
