package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Attention and rotary position embedding.
///
/// Source: ONNX operator specification, Attention and RotaryEmbedding, opset 23.
final class AttentionOperators {
  private AttentionOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Attention", Operator.of(Attention::new));
    all.put("RotaryEmbedding", Operator.of(Rotary::new));
  }

  /// Heads of a value `[b, heads, m, k]` or `[b, m, heads · k]`.
  private record Heads(MemorySegment memory, int batch, int heads, int m, int k, boolean isJoined) {
    static Heads of(Operands in, Value x, String attribute) {
      if (x.rank() == 4) {
        return new Heads(x.memory(), x.size(0), x.size(1), x.size(2), x.size(3), false);
      }
      int heads = (int) in.node().integer(attribute, 0);
      if (x.rank() != 3 || heads < 1 || x.size(2) % heads != 0) {
        throw in.unsupported("%s=%d for %d axes".formatted(attribute, heads, x.rank()));
      }
      return new Heads(x.memory(), x.size(0), heads, x.size(1), x.size(2) / heads, true);
    }

    long place(int image, int head, int row) {
      return isJoined
          ? (((long) image * m + row) * heads + head) * k
          : (((long) image * heads + head) * m + row) * k;
    }
  }

  /// Computes Y = softmax(cap · tanh(Q Kᵀ · scale / cap) + mask) V, one head of one example as a
  /// part; a query all of whose keys are masked gets zeros.
  private static final class Attention implements Step {
    private final Heads q;
    private final Heads k;
    private final Heads v;
    private final Heads y;
    private final @Nullable Value mask;
    private final @Nullable MemorySegment maskPlace;
    private final @Nullable Broadcast masked;
    private final boolean isCausal;
    private final float scale;
    private final float cap;

    Attention(Operands in) {
      for (int past = 4; past < 7; past++) {
        if (in.has(past)) {
          throw in.unsupported(
              "it goes on from earlier calls ('%s')".formatted(in.node().inputs().get(past)));
        }
      }
      if (in.makes(1) || in.makes(2) || in.makes(3)) {
        throw in.unsupported("its keys, values or scores are read");
      }
      q = Heads.of(in, in.real(0).in(0), "q_num_heads");
      k = Heads.of(in, in.real(1).in(1), "kv_num_heads");
      v = Heads.of(in, in.real(2).in(2), "kv_num_heads");
      Value out = in.out();
      y = new Heads(out.memory(), q.batch, q.heads, q.m, v.k, out.rank() == 3);
      if (k.heads < 1 || q.heads % k.heads != 0) {
        throw in.unsupported("%d heads share %d".formatted(q.heads, k.heads));
      }
      mask = in.optional(3);
      maskPlace = mask == null ? null : mask.memory();
      masked =
          mask == null
              ? null
              : new Broadcast(new int[] {q.batch, q.heads, q.m, k.m}, List.of(mask.shape()));
      isCausal = in.node().integer("is_causal", 0) != 0;
      scale = in.node().real("scale", (float) (1 / Math.sqrt(q.k)));
      cap = in.node().real("softcap", 0);
    }

    @Override
    public int parts() {
      return Math.max(1, q.batch * q.heads);
    }

    @Override
    public void run(int part, Workspace workspace) {
      if (q.batch * q.heads == 0) {
        return;
      }
      int image = part / q.heads;
      int head = part % q.heads;
      int shared = head / (q.heads / k.heads);
      int keys = k.m;
      float[][] turned = workspace.rows(0, q.k, keys);
      float[][] values = workspace.rows(1, keys, v.k);
      float[] query = workspace.floats(0, Math.max(q.k, keys));
      for (int j = 0; j < keys; j++) {
        MemorySegment.copy(k.memory, JAVA_FLOAT, 4 * k.place(image, shared, j), query, 0, q.k);
        for (int i = 0; i < q.k; i++) {
          turned[i][j] = query[i];
        }
        MemorySegment.copy(v.memory, JAVA_FLOAT, 4 * v.place(image, shared, j), values[j], 0, v.k);
      }
      float[] scores = workspace.floats(1, keys);
      float[] result = workspace.floats(2, v.k);
      for (int row = 0; row < q.m; row++) {
        MemorySegment.copy(q.memory, JAVA_FLOAT, 4 * q.place(image, head, row), query, 0, q.k);
        for (int i = 0; i < q.k; i++) {
          query[i] *= scale;
        }
        Arrays.fill(scores, 0, keys, 0);
        MatrixProduct.addRows(scores, turned, query, q.k, keys);
        capped(scores, keys, workspace);
        mask(scores, (image * q.heads + head) * q.m + row, row);
        Arrays.fill(result, 0, v.k, 0);
        if (Rows.most(scores, keys) != Float.NEGATIVE_INFINITY) {
          ReductionOperators.softmax(scores, keys, workspace);
          MatrixProduct.addRows(result, values, scores, keys, v.k);
        }
        MemorySegment.copy(result, 0, y.memory, JAVA_FLOAT, 4 * y.place(image, head, row), v.k);
      }
    }

    private void capped(float[] scores, int keys, Workspace workspace) {
      if (cap <= 0) {
        return;
      }
      for (int j = 0; j < keys; j++) {
        scores[j] /= cap;
      }
      Functions.tanh(scores, keys, workspace);
      for (int j = 0; j < keys; j++) {
        scores[j] *= cap;
      }
    }

    private void mask(float[] scores, int line, int row) {
      int keys = k.m;
      if (isCausal) {
        for (int j = row + 1; j < keys; j++) {
          scores[j] = Float.NEGATIVE_INFINITY;
        }
      }
      if (mask == null || masked == null || maskPlace == null) {
        return;
      }
      for (int j = 0; j < keys; j++) {
        long element = (long) line * keys + j;
        long at =
            masked.offset(0, (int) (element / masked.row()))
                + element % masked.row() * masked.step(0);
        if (mask.storage() == Storage.REAL) {
          scores[j] += maskPlace.getAtIndex(JAVA_FLOAT, at);
        } else if (maskPlace.get(JAVA_BYTE, at) == 0) {
          scores[j] = Float.NEGATIVE_INFINITY;
        }
      }
    }
  }

  /// Rotates pairs of features by the angle of their position: (a, b) becomes (a cos − b sin, a sin
  /// + b cos).
  private static final class Rotary implements Step {
    private final Heads x;
    private final MemorySegment out;
    private final MemorySegment cosines;
    private final MemorySegment sines;
    private final @Nullable MemorySegment positions;
    private final boolean isInterleaved;
    private final int turned;
    private final int angles;
    private final int table;
    private final String label;

    Rotary(Operands in) {
      x = Heads.of(in, in.real(0).in(0), "num_heads");
      out = in.out().memory();
      cosines = in.real(1).memory(1);
      sines = in.real(2).memory(2);
      positions = in.has(3) ? in.memory(3) : null;
      isInterleaved = in.node().integer("interleaved", 0) != 0;
      int size = (int) in.node().integer("rotary_embedding_dim", 0);
      turned = size == 0 ? x.k : size;
      if (turned > x.k || turned % 2 != 0) {
        throw in.unsupported("it turns %d of %d features".formatted(turned, x.k));
      }
      angles = in.in(1).size(in.in(1).rank() - 1);
      table = positions == null ? 0 : in.in(1).size(0);
      label = in.node().label();
    }

    @Override
    public void run(int part, Workspace workspace) {
      for (int image = 0; image < x.batch; image++) {
        for (int head = 0; head < x.heads; head++) {
          for (int row = 0; row < x.m; row++) {
            row(image, head, row);
          }
        }
      }
    }

    private void row(int image, int head, int row) {
      long place = x.place(image, head, row);
      long angle = (long) image * x.m + row;
      if (positions != null) {
        angle = positions.getAtIndex(JAVA_LONG, angle);
        if (angle < 0 || angle >= table) {
          throw new IndexOutOfBoundsException(
              "%s: position %d is none of a table of %d".formatted(label, angle, table));
        }
      }
      for (int i = 0; i < turned / 2; i++) {
        float cosine = cosines.getAtIndex(JAVA_FLOAT, angle * angles + i);
        float sine = sines.getAtIndex(JAVA_FLOAT, angle * angles + i);
        long left = place + (isInterleaved ? 2 * i : i);
        long right = isInterleaved ? left + 1 : left + turned / 2;
        float a = x.memory.getAtIndex(JAVA_FLOAT, left);
        float b = x.memory.getAtIndex(JAVA_FLOAT, right);
        out.setAtIndex(JAVA_FLOAT, left, a * cosine - b * sine);
        out.setAtIndex(JAVA_FLOAT, right, a * sine + b * cosine);
      }
      for (int i = turned; i < x.k; i++) {
        out.setAtIndex(JAVA_FLOAT, place + i, x.memory.getAtIndex(JAVA_FLOAT, place + i));
      }
    }
  }
}
