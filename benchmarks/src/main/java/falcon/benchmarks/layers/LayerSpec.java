package falcon.benchmarks.layers;

import falcon.runtime.kernel.Axis;
import falcon.runtime.kernel.ConvolutionShape;
import falcon.runtime.kernel.Window;
import java.util.List;
import java.util.SplittableRandom;

/// A layer that is measured.
///
/// @param name name in the table
/// @param shape its shape
/// @param images number of images
record LayerSpec(String name, ConvolutionShape shape, int images) {
  /// Returns the layers of `docs/results/runtime.md`.
  static List<LayerSpec> all() {
    return List.of(
        square("32×32×16, 3×3", 32, 16, 3, 1),
        square("16×16×32, 3×3", 16, 32, 3, 1),
        square("8×8×64, 3×3", 8, 64, 3, 1),
        square("32×32×16, 3×3, 32 images", 32, 16, 3, 32),
        square("16×16×32, 3×3, 32 images", 16, 32, 3, 32),
        square("8×8×64, 3×3, 32 images", 8, 64, 3, 32),
        convolution("32×32, 16→32, 3×3 stride 2", 32, 16, 32, Window.same(3).withStride(2)),
        square("56×56×64, 3×3", 56, 64, 3, 1),
        convolution("56×56, 64→256, 1×1", 56, 64, 256, Window.POINT),
        square("28×28×128, 3×3", 28, 128, 3, 1),
        square("14×14×256, 3×3", 14, 256, 3, 1),
        convolution("14×14, 1024→256, 1×1", 14, 1024, 256, Window.POINT),
        square("7×7×512, 3×3", 7, 512, 3, 1),
        convolution("224×224, 3→64, 7×7 stride 2", 224, 3, 64, new Window(7, 2, 1, 3, 3)),
        new LayerSpec("56×56×144, 3×3 depthwise", depthwise(56, 144, Window.same(3)), 1),
        new LayerSpec("14×14×576, 3×3 depthwise", depthwise(14, 576, Window.same(3)), 1),
        new LayerSpec("linear 384→1536, 128 tokens", ConvolutionShape.linear(384, 1536, 128), 1),
        new LayerSpec("linear 768→3072, 128 tokens", ConvolutionShape.linear(768, 3072, 128), 1),
        new LayerSpec("linear 2048→1000, one vector", ConvolutionShape.linear(2048, 1000, 1), 1));
  }

  private static LayerSpec square(String name, int size, int channels, int taps, int images) {
    var axis = new Axis(size, Window.same(taps));
    return new LayerSpec(name, new ConvolutionShape(channels, channels, 1, axis, axis), images);
  }

  private static LayerSpec convolution(
      String name, int size, int inputs, int outputs, Window window) {
    var axis = new Axis(size, window);
    return new LayerSpec(name, new ConvolutionShape(inputs, outputs, 1, axis, axis), 1);
  }

  private static ConvolutionShape depthwise(int size, int channels, Window window) {
    var axis = new Axis(size, window);
    return new ConvolutionShape(channels, channels, channels, axis, axis);
  }

  /// Returns whether it is a product of tokens and a matrix.
  boolean isLinear() {
    return shape.rows().equals(new Axis(1, Window.POINT));
  }

  /// Returns weights of which a share is kept.
  ///
  /// @param isBlocks whether four neighbouring output channels keep the same
  float[] weights(double density, boolean isBlocks) {
    var random = new SplittableRandom(shape.weights());
    float[] weights = new float[shape.weights()];
    int count = shape.weightsOfOutput();
    int outputs = shape.outputs() / shape.groups();
    boolean[] isKept = new boolean[count];
    for (int o = 0; o < shape.outputs(); o++) {
      for (int k = 0; k < count; k++) {
        if (!isBlocks || o % outputs % 4 == 0) {
          isKept[k] = random.nextDouble() < density;
        }
        weights[o * count + k] = isKept[k] ? (float) (0.2 * random.nextDouble() - 0.1) : 0;
      }
    }
    return weights;
  }
}
