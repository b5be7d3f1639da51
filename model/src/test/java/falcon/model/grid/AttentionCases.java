package falcon.model.grid;

import java.util.List;

/// Attention as one operator and rotary positions, over their options.
final class AttentionCases {
  private AttentionCases() {}

  static void addTo(List<GridCase> cases) {
    for (long opset : new long[] {23, 24}) {
      for (long isCausal : new long[] {0, 1}) {
        for (double cap : new double[] {0, 1.5}) {
          for (long[] mask : new long[][] {{}, {5, 7}, {2, 1, 5, 7}, {1, 4, 5, 7}}) {
            cases.add(
                masked(folded(opset), mask, false).set("is_causal", isCausal).set("softcap", cap));
            cases.add(
                masked(split(opset), mask, false).set("is_causal", isCausal).set("softcap", cap));
          }
        }
        cases.add(masked(folded(opset), new long[] {5, 7}, true).set("is_causal", isCausal));
      }
      cases.add(split(opset).set("scale", 0.7));
      cases.add(folded(opset).set("scale", 0.7));
      cases.add(
          new GridCase("Attention", opset)
              .floats(1, 5, 12)
              .floats(1, 5, 12)
              .floats(1, 5, 12)
              .set("q_num_heads", 3)
              .set("kv_num_heads", 3));
    }
    rotations(cases);
  }

  /// Two heads of keys and values for four of queries, side by side.
  private static GridCase folded(long opset) {
    return new GridCase("Attention", opset)
        .floats(2, 5, 4 * 8)
        .floats(2, 7, 2 * 8)
        .floats(2, 7, 2 * 6)
        .set("q_num_heads", 4)
        .set("kv_num_heads", 2);
  }

  private static GridCase split(long opset) {
    return new GridCase("Attention", opset)
        .floats(2, 4, 5, 8)
        .floats(2, 4, 7, 8)
        .floats(2, 4, 7, 6);
  }

  private static GridCase masked(GridCase each, long[] shape, boolean isTruth) {
    if (shape.length == 0) {
      return each;
    }
    return isTruth ? each.truths(shape) : each.floats(shape);
  }

  private static void rotations(List<GridCase> cases) {
    for (long isInterleaved : new long[] {0, 1}) {
      for (long size : new long[] {0, 4}) {
        long half = size == 0 ? 4 : size / 2;
        cases.add(
            rotation(isInterleaved, size)
                .floats(2, 3, 5, 8)
                .weights(9, half)
                .weights(9, half)
                .indices(new long[] {2, 5}, 0, 3, 8, 1));
        cases.add(
            rotation(isInterleaved, size)
                .floats(2, 3, 5, 8)
                .weights(2, 5, half)
                .weights(2, 5, half));
        cases.add(
            rotation(isInterleaved, size)
                .floats(2, 5, 24)
                .weights(9, half)
                .weights(9, half)
                .indices(new long[] {2, 5}, 0, 3, 8, 1)
                .set("num_heads", 3));
      }
    }
  }

  private static GridCase rotation(long isInterleaved, long size) {
    return new GridCase("RotaryEmbedding", 23)
        .set("interleaved", isInterleaved)
        .set("rotary_embedding_dim", size);
  }
}
