package falcon.spark;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// A classifier of images of 1 × 8 × 8 with a convolution, BatchNormalization, and two products.
final class TinyNetwork {
  static final int PIXELS = 64;
  static final int CLASSES = 3;

  private TinyNetwork() {}

  static Network of(long seed) {
    var random = new SplittableRandom(seed);
    Network.Builder builder = Network.builder("tiny");
    builder.opset("", 17);
    builder.input(
        new ValueInfo(
            "image",
            DataType.FLOAT32,
            List.of(
                new Dimension.Symbolic("n"),
                new Dimension.Fixed(1),
                new Dimension.Fixed(8),
                new Dimension.Fixed(8))));
    builder.output(
        new ValueInfo(
            "classes",
            DataType.FLOAT32,
            List.of(new Dimension.Symbolic("n"), new Dimension.Fixed(CLASSES))));
    builder.initializer("conv.weight", noise(random, 0.3, 8, 1, 3, 3));
    builder.initializer("bn.scale", Tensor.ofFloats(List.of(8L), ones()));
    builder.initializer("bn.shift", noise(random, 0.1, 8));
    builder.initializer("bn.mean", noise(random, 0.1, 8));
    builder.initializer("bn.variance", Tensor.ofFloats(List.of(8L), ones()));
    builder.initializer("hidden.weight", noise(random, 0.06, 32, 288));
    builder.initializer("last.weight", noise(random, 0.2, CLASSES, 32));
    builder.node(node("Conv", List.of("image", "conv.weight"), "a", Map.of()));
    builder.node(
        node(
            "BatchNormalization",
            List.of("a", "bn.scale", "bn.shift", "bn.mean", "bn.variance"),
            "b",
            Map.of()));
    builder.node(node("Relu", List.of("b"), "c", Map.of()));
    builder.node(node("Flatten", List.of("c"), "d", Map.of()));
    var transposed = Map.<String, Attribute>of("transB", new Attribute.IntegerValue(1));
    builder.node(node("Gemm", List.of("d", "hidden.weight"), "e", transposed));
    builder.node(node("Relu", List.of("e"), "f", Map.of()));
    builder.node(node("Gemm", List.of("f", "last.weight"), "classes", transposed));
    return builder.build();
  }

  private static Node node(
      String operator, List<String> inputs, String output, Map<String, Attribute> attributes) {
    return new Node(output, operator, "", inputs, List.of(output), attributes);
  }

  private static float[] ones() {
    var ones = new float[8];
    java.util.Arrays.fill(ones, 1);
    return ones;
  }

  private static Tensor noise(SplittableRandom random, double deviation, long... shape) {
    List<Long> sizes = java.util.Arrays.stream(shape).boxed().toList();
    var values = new float[(int) Tensor.elements(sizes)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return Tensor.ofFloats(sizes, values);
  }

  /// Returns the pixels of a sample, of as many numbers as its class has a pattern of.
  static float[] pixels(int sample) {
    var random = new SplittableRandom(sample);
    var pixels = new float[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      pixels[i] = (float) (random.nextGaussian() + (i % CLASSES == sample % CLASSES ? 1 : 0));
    }
    return pixels;
  }
}
