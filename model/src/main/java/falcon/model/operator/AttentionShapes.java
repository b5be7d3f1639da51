package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Shape inference of attention and rotary position embedding.
final class AttentionShapes {
  private AttentionShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put(
        "Attention",
        OperatorRule.ofShape(AttentionShapes::attention).multiplies(new AttentionProduct()));
    all.put("RotaryEmbedding", SameShapes.plain());
  }

  /// Infers the output of `Attention`: `[b, heads, m, k]` and `[b, heads, n, l]` give
  /// `[b, heads, m, l]`; with three axes the heads are concatenated along the last.
  private static List<Long> attention(Operands operands) {
    List<Long> q = operands.shape(0);
    List<Long> v = operands.shape(2);
    if (q.size() != operands.shape(1).size() || q.size() != v.size()) {
      throw operands.mismatch("queries, keys and values differ in their axes");
    }
    var shape = new ArrayList<>(q);
    switch (q.size()) {
      case 4 -> shape.set(3, v.get(3));
      case 3 -> {
        long heads = operands.node().integer("q_num_heads", 0);
        long shared = operands.node().integer("kv_num_heads", 0);
        if (heads < 1 || shared < 1 || q.get(2) % heads != 0 || v.get(2) % shared != 0) {
          throw operands.mismatch("its %d and %d heads do not fit".formatted(heads, shared));
        }
        shape.set(2, Math.multiplyExact(v.get(2) / shared, heads));
      }
      default -> throw operands.mismatch("it needs three or four axes");
    }
    return shape;
  }

  /// Counts `[b, heads, m, k] · [b, heads, k, n] · [b, heads, n, l]` as b · heads · m · n · (k +
  /// l), masked or not.
  private static final class AttentionProduct implements Product {
    @Override
    public List<Integer> factors(Node node) {
      return List.of(0, 1, 2);
    }

    @Override
    public @Nullable Long macs(NodeShapes shapes) {
      List<Long> q = shapes.input(0);
      List<Long> k = shapes.input(1);
      List<Long> y = shapes.output();
      if (q == null || k == null || y == null) {
        return null;
      }
      long keys =
          k.get(k.size() - 2); // elements of q and y: b · heads · m · k and b · heads · m · l
      return Math.multiplyExact(keys, Math.addExact(Tensor.elements(q), Tensor.elements(y)));
    }
  }
}
