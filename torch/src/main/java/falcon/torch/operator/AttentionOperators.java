package falcon.torch.operator;

import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Attention and rotary position embedding.
///
/// Source: ONNX operator specification, Attention and RotaryEmbedding, opset 23.
final class AttentionOperators {
  private AttentionOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Attention", Operator.of(AttentionOperators::attention));
    all.put("RotaryEmbedding", Operator.of(AttentionOperators::rotary));
  }

  /// Computes Y = softmax(cap · tanh(Q Kᵀ · scale / cap) + mask) V; without a cap, Q Kᵀ · scale
  /// itself is masked. A query all of whose keys are masked gets zeros.
  ///
  /// The cap is applied before the mask, as ONNX Runtime does in either opset; the specification of
  /// opset 23 applies it after the mask, where a cap would let queries attend to masked keys.
  private static Tensor attention(Operands in) {
    for (int past = 4; past < 7; past++) {
      if (in.has(past)) {
        throw in.unsupported(
            "it goes on from earlier calls ('%s')".formatted(in.node().inputs().get(past)));
      }
    }
    Tensor q = heads(in, in.x(), "q_num_heads"); // [b, heads, m, k]
    Tensor k = heads(in, in.y(), "kv_num_heads"); // [b, kvHeads, n, k]
    Tensor v = heads(in, in.get(2), "kv_num_heads"); // [b, kvHeads, n, l]
    long shared = k.size(1) == 0 ? 0 : q.size(1) / k.size(1);
    if (shared * k.size(1) != q.size(1)) {
      throw in.unsupported("%d heads share %d".formatted(q.size(1), k.size(1)));
    }
    double scale = in.node().real("scale", (float) (1 / Math.sqrt((double) q.size(3))));
    Tensor scores = q.matmul(repeated(k, shared).transpose(2, 3)).mul(new Scalar(scale));
    double cap = in.node().real("softcap", 0);
    if (cap > 0) {
      scores = scores.div(new Scalar(cap)).tanh().mul(new Scalar(cap));
    }
    Tensor y = shares(masked(in, scores)).matmul(repeated(v, shared)); // [b, heads, m, l]
    return in.x().dim() == 3
        ? y.transpose(1, 2).reshape(y.size(0), y.size(2), y.size(1) * y.size(3))
        : y;
  }

  /// Converts `[b, m, heads · k]` to `[b, heads, m, k]`; a tensor with four axes already has that
  /// layout.
  private static Tensor heads(Operands in, Tensor x, String attribute) {
    if (x.dim() == 4) {
      return x;
    }
    long heads = in.node().integer(attribute, 0);
    if (x.dim() != 3 || heads < 1 || x.size(2) % heads != 0) {
      throw in.unsupported("%s=%d for %d axes".formatted(attribute, heads, x.dim()));
    }
    return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
  }

  private static Tensor repeated(Tensor heads, long times) {
    return times == 1
        ? heads
        : heads.repeat_interleave(times, new LongOptional(1), new LongOptional());
  }

  /// Returns the attention weights.
  ///
  /// @param scores `[b, heads, m, n]`
  private static Tensor shares(Tensor scores) {
    Tensor isBlind =
        scores.detach().amax(new long[] {-1}, true).eq(new Scalar(Double.NEGATIVE_INFINITY));
    return scores
        .masked_fill(isBlind, new Scalar(0.0))
        .softmax(-1, new ScalarTypeOptional())
        .masked_fill(isBlind, new Scalar(0.0));
  }

  private static Tensor masked(Operands in, Tensor scores) {
    Tensor result = scores;
    Scalar never = new Scalar(Double.NEGATIVE_INFINITY);
    if (in.node().integer("is_causal", 0) != 0) {
      Tensor isLater = torch.ones_like(scores.detach().select(0, 0).select(0, 0)).triu(1);
      result = result.masked_fill(isLater.ne(new Scalar(0.0)), never);
    }
    Tensor mask = in.tensor(3);
    if (mask == null) {
      return result;
    }
    return mask.is_floating_point()
        ? result.add(mask)
        : result.masked_fill(mask.logical_not(), never);
  }

  /// Rotates pairs of features by the angle of their position: (a, b) becomes the pair (a cos − b
  /// sin, a sin + b cos).
  private static Tensor rotary(Operands in) {
    Tensor x = in.x();
    Tensor heads = heads(in, x, "num_heads"); // [b, heads, m, k]
    long all = heads.size(3);
    long turned = in.node().integer("rotary_embedding_dim", 0);
    long size = turned == 0 ? all : turned;
    if (size > all || size % 2 != 0) {
      throw in.unsupported("it turns %d of %d features".formatted(size, all));
    }
    boolean isInterleaved = in.node().integer("interleaved", 0) != 0;
    Tensor cosine = angles(in, 1); // [b, 1, m, size / 2]
    Tensor sine = angles(in, 2);
    long[] sizes = heads.shape();
    Tensor pairs = heads.narrow(3, 0, size);
    pairs =
        isInterleaved
            ? pairs.reshape(sizes[0], sizes[1], sizes[2], size / 2, 2)
            : pairs.reshape(sizes[0], sizes[1], sizes[2], 2, size / 2).transpose(3, 4);
    Tensor a = pairs.select(4, 0); // [b, heads, m, size / 2]
    Tensor b = pairs.select(4, 1);
    Tensor left = a.mul(cosine).sub(b.mul(sine));
    Tensor right = a.mul(sine).add(b.mul(cosine));
    Tensor both =
        isInterleaved
            ? torch.stack(new TensorVector(left, right), 4).flatten(3, 4)
            : torch.cat(new TensorVector(left, right), 3);
    Tensor y = size == all ? both : torch.cat(new TensorVector(both, rest(heads, size)), 3);
    return x.dim() == 4 ? y : y.transpose(1, 2).reshape(x.shape());
  }

  private static Tensor rest(Tensor heads, long from) {
    return heads.narrow(3, from, heads.size(3) - from);
  }

  /// Returns the cosines or sines of each position: those given, or looked up in a table.
  private static Tensor angles(Operands in, int operand) {
    Tensor given = in.get(operand);
    if (in.has(3)) {
      Tensor positions = in.get(3).to(torch.ScalarType.Long); // [b, m]
      given =
          given
              .index_select(0, positions.reshape(-1))
              .reshape(positions.size(0), positions.size(1), given.size(1));
    }
    return given.unsqueeze(1);
  }
}
