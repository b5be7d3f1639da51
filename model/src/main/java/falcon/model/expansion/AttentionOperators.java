package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Node;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// ONNX Runtime's attention and the embedding in front of it.
final class AttentionOperators {
  private static final float MASK_FILTER = -10000;

  private AttentionOperators() {}

  /// `Attention`: queries, keys and values are one product with weights that lie side by side.
  ///
  /// Inputs: data `[b, m, features]`, weights, bias, mask, past, what is added to the scores.
  static boolean attention(Fragment fragment, Expansion.Source source) {
    Node node = fragment.node();
    boolean isPlain =
        node.input(4) == null
            && node.input(6) == null
            && fragment.output(1) == null
            && node.integer("do_rotary", 0) == 0;
    if (!isPlain || node.integer("num_heads", 0) < 1) {
      return false;
    }
    String input = node.input(0);
    List<String> mask = mask(fragment, source, node.input(3), input, node.input(5));
    if (mask == null) {
      return false;
    }
    String product = fragment.add("MatMul", Map.of(), input, node.input(1));
    String all = RuntimeOperators.sum(fragment, product, node.input(2));
    List<Long> sizes = node.integers("qkv_hidden_sizes", List.of());
    var split = new LinkedHashMap<String, Attribute>();
    split.put("axis", new Attribute.IntegerValue(-1));
    if (!sizes.isEmpty()) {
      split.put("split", new Attribute.IntegerList(sizes));
    }
    List<String> parts = fragment.addAll(3, "Split", split, all);
    attend(fragment, parts, mask);
    return true;
  }

  /// `MultiHeadAttention`: queries, keys and values `[b, m, heads · size]`, made by nodes of their
  /// own.
  ///
  /// Inputs: queries, keys, values, bias of all three, mask of the keys, what is added to the
  /// scores, past keys and values.
  static boolean multiHead(Fragment fragment, Expansion.Source source) {
    Node node = fragment.node();
    boolean isPlain =
        node.input(1) != null
            && node.input(2) != null
            && fragment.output(1) == null
            && fragment.output(2) == null;
    for (int past = 6; past < node.inputs().size(); past++) {
      isPlain &= node.input(past) == null;
    }
    if (!isPlain || node.integer("num_heads", 0) < 1) {
      return false;
    }
    for (int i = 0; i < 3; i++) {
      String part = node.inputs().get(i);
      Integer rank = source.rank(part);
      if (rank != null && rank != 3) {
        return false;
      }
    }
    List<String> mask = mask(fragment, source, node.input(4), node.input(1), node.input(5));
    if (mask == null) {
      return false;
    }
    List<String> parts = node.inputs().subList(0, 3);
    String bias = node.input(3);
    if (bias != null) {
      List<Long> shape = source.constantShape(bias);
      if (shape == null || shape.size() != 1) {
        return false;
      }
      List<String> biases =
          fragment.addAll(3, "Split", Map.of("axis", new Attribute.IntegerValue(0)), bias);
      parts =
          List.of(
              fragment.add("Add", Map.of(), parts.get(0), biases.get(0)),
              fragment.add("Add", Map.of(), parts.get(1), biases.get(1)),
              fragment.add("Add", Map.of(), parts.get(2), biases.get(2)));
    }
    attend(fragment, parts, mask);
    return true;
  }

  /// @param parts queries, keys and values
  /// @param mask name of what is added to the scores, or empty
  private static void attend(Fragment fragment, List<String> parts, List<String> mask) {
    Node node = fragment.node();
    var attributes = new LinkedHashMap<String, Attribute>();
    var heads = new Attribute.IntegerValue(node.integer("num_heads", 1));
    attributes.put("q_num_heads", heads);
    attributes.put("kv_num_heads", heads);
    attributes.put("is_causal", new Attribute.IntegerValue(node.integer("unidirectional", 0)));
    float scale = node.real("scale", 0);
    if (scale != 0) {
      attributes.put("scale", new Attribute.FloatValue(scale));
    }
    fragment.make(
        RuntimeOperators.output(fragment),
        "Attention",
        attributes,
        parts.get(0),
        parts.get(1),
        parts.get(2),
        mask.isEmpty() ? null : mask.getFirst());
  }

  /// What is added to the scores `[b, heads, m, n]`: a large negative number where a key is masked,
  /// and the bias of the scores.
  ///
  /// @param mask of the keys: 1 or 0 by key `[b, n]`, by query and key `[b, m, n]`, or the number
  ///     of keys `[b]`
  /// @param keys a value `[b, n, …]`
  /// @return its name; empty if nothing is added; null if the mask is of another kind
  private static @Nullable List<String> mask(
      Fragment fragment,
      Expansion.Source source,
      @Nullable String mask,
      @Nullable String keys,
      @Nullable String bias) {
    if (mask == null) {
      return bias == null ? List.of() : List.of(bias);
    }
    Integer rank = source.rank(mask);
    if (rank == null || rank < 1 || rank > 3 || keys == null) {
      return null;
    }
    String seen = mask;
    if (rank == 1) {
      seen = firstKeys(fragment, mask, keys);
    }
    String real =
        fragment.add(
            "Cast", Map.of("to", new Attribute.IntegerValue(DataType.FLOAT32.onnxCode())), seen);
    String hidden = fragment.add("Sub", Map.of(), fragment.number(1), real);
    float filter = fragment.node().real("mask_filter_value", MASK_FILTER);
    String added = fragment.add("Mul", Map.of(), hidden, fragment.number(filter));
    Long[] axes = rank == 3 ? new Long[] {1L} : new Long[] {1L, 2L};
    String scores =
        fragment.add("Unsqueeze", Map.of("axes", new Attribute.IntegerList(List.of(axes))), added);
    String sum = RuntimeOperators.sum(fragment, scores, bias);
    return sum == null ? null : List.of(sum);
  }

  /// Truth values `[b, n]`: whether a key is one of the first.
  ///
  /// @param counts number of keys of each sample, `[b]`
  private static String firstKeys(Fragment fragment, String counts, String keys) {
    String axis = fragment.integers(1);
    String length = fragment.add("Gather", Map.of(), fragment.add("Shape", Map.of(), keys), axis);
    String ones = filled(fragment, length, 1);
    var cumulative = new LinkedHashMap<String, Attribute>();
    cumulative.put("exclusive", new Attribute.IntegerValue(1));
    String places = fragment.add("CumSum", cumulative, ones, fragment.integers(0));
    var toWhole =
        Map.<String, Attribute>of("to", new Attribute.IntegerValue(DataType.INT64.onnxCode()));
    String wide = fragment.add("Cast", toWhole, counts);
    String column = fragment.add("Unsqueeze", MatrixOperators.axes(1L), wide);
    return fragment.add("Less", Map.of(), places, column);
  }

  /// A list of that length.
  private static String filled(Fragment fragment, String length, long number) {
    return fragment.add("Expand", Map.of(), fragment.integers(number), length);
  }

  /// `EmbedLayerNormalization`: the sum of the embeddings of words, positions and segments,
  /// normalised; the number of words that the mask lets through; and the sum itself.
  ///
  /// Inputs: words `[b, n]`, segments, tables of words, positions and segments, scale, shift, mask,
  /// positions.
  static boolean embedding(Fragment fragment) {
    Node node = fragment.node();
    String words = node.input(0);
    String sum = fragment.add("Gather", Map.of(), node.input(2), words);
    String positions = node.input(8);
    String ofPositions;
    if (positions == null) {
      String length =
          fragment.add(
              "Gather", Map.of(), fragment.add("Shape", Map.of(), words), fragment.integers(1));
      ofPositions =
          fragment.add(
              "Slice", Map.of(), node.input(3), fragment.integers(0), length, fragment.integers(0));
    } else {
      ofPositions = fragment.add("Gather", Map.of(), node.input(3), positions);
    }
    sum = fragment.add("Add", Map.of(), sum, ofPositions);
    if (node.input(1) != null && node.input(4) != null) {
      String ofSegments = fragment.add("Gather", Map.of(), node.input(4), node.input(1));
      sum = fragment.add("Add", Map.of(), sum, ofSegments);
    }
    float epsilon = node.real("epsilon", RuntimeOperators.SKIP_EPSILON);
    fragment.make(
        RuntimeOperators.output(fragment),
        "LayerNormalization",
        Map.of("epsilon", new Attribute.FloatValue(epsilon)),
        sum,
        node.input(5),
        node.input(6));
    String counted = fragment.output(1);
    if (counted != null) {
      String mask = node.input(7);
      String seen = mask == null ? fragment.add("Sub", Map.of(), words, words) : mask;
      var reduction = new LinkedHashMap<>(MatrixOperators.axes(1L));
      reduction.put("keepdims", new Attribute.IntegerValue(0));
      fragment.make(counted, "ReduceSum", reduction, seen);
    }
    String asked = fragment.output(2);
    if (asked != null) {
      fragment.make(asked, "Identity", Map.of(), sum);
    }
    return true;
  }
}
