package falcon.benchmarks.solver;

import falcon.budget.CostTable;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// The prunable layers of a known network, with random weights.
///
/// Weights of a layer have the standard deviation `sqrt(2 / fan-in)` of the usual initialisation;
/// their squares are the saliencies.
public final class Network {
  private static final long SEED = 50;

  private record Layer(String name, int count, int fanIn, long macsPerWeight) {}

  private final CostTable costs;
  private final float[] saliency;

  private Network(List<Layer> layers) {
    CostTable.Builder builder = CostTable.builder();
    for (Layer layer : layers) {
      builder.layer(layer.name(), layer.count(), layer.macsPerWeight());
    }
    costs = builder.build();
    saliency = new float[costs.weightCount()];
    SplittableRandom random = new SplittableRandom(SEED);
    int i = 0;
    for (Layer layer : layers) {
      double deviation = Math.sqrt(2.0 / layer.fanIn());
      for (int end = i + layer.count(); i < end; i++) {
        double weight = deviation * random.nextGaussian();
        saliency[i] = (float) (weight * weight);
      }
    }
  }

  /// Returns ResNet50 for images of 224 × 224: 25,502,912 weights in 54 layers, 4,089,184,256
  /// multiply-accumulates, 6 cost classes.
  ///
  /// @param shrink divisor of every layer's number of weights; 1 is the network itself
  static Network resNet50(int shrink) {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Layer("conv1", 64 * 147 / shrink, 147, 112 * 112));
    int[] blocks = {3, 4, 6, 3};
    int inputs = 64;
    long before = 56 * 56;
    for (int stage = 0; stage < blocks.length; stage++) {
      int width = 64 << stage;
      long side = 56 >> stage;
      long positions = side * side;
      for (int block = 0; block < blocks[stage]; block++) {
        String name = "layer%d.%d.".formatted(stage + 1, block);
        layers.add(new Layer(name + "conv1", inputs * width / shrink, inputs, before));
        layers.add(new Layer(name + "conv2", 9 * width * width / shrink, 9 * width, positions));
        layers.add(new Layer(name + "conv3", 4 * width * width / shrink, width, positions));
        if (block == 0) {
          layers.add(new Layer(name + "shortcut", 4 * inputs * width / shrink, inputs, positions));
        }
        inputs = 4 * width;
        before = positions;
      }
    }
    layers.add(new Layer("fc", 2048 * 1000 / shrink, 2048, 1));
    return new Network(layers);
  }

  /// Returns ResNet20 for CIFAR-10 without its shortcuts: 268,336 weights in 20 layers, 40,551,040
  /// multiply-accumulates, 4 cost classes.
  static Network resNet20() {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Layer("conv1", 432, 27, 32 * 32));
    int inputs = 16;
    for (int stage = 0; stage < 3; stage++) {
      int width = 16 << stage;
      long side = 32 >> stage;
      for (int block = 0; block < 6; block++) {
        String name = "layer%d.%d".formatted(stage + 1, block);
        layers.add(new Layer(name, 9 * inputs * width, 9 * inputs, side * side));
        inputs = width;
      }
    }
    layers.add(new Layer("fc", 640, 64, 1));
    return new Network(layers);
  }

  CostTable costs() {
    return costs;
  }

  /// Returns one saliency per weight; not copied.
  float[] saliency() {
    return saliency;
  }
}
