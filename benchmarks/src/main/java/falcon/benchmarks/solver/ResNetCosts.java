package falcon.benchmarks.solver;

import falcon.budget.CostTable;

/// Sizes and costs of the prunable layers of residual networks, derived from their construction.
final class ResNetCosts {
  private static final int CLASSES = 1000;

  private ResNetCosts() {}

  /// Returns ResNet50 on images of 224 × 224: all convolutions and the linear layer, 25.5 million
  /// weights and 4.1 billion MACs. Source: "Deep Residual Learning for Image Recognition"
  /// (arXiv:1512.03385), table 1, with the stride in the 3 × 3 convolution, as is usual.
  static CostTable resnet50() {
    var costs = CostTable.builder().layer("stem", 7 * 7 * 3 * 64, 112 * 112);
    int[] blocks = {3, 4, 6, 3};
    int inputs = 64;
    int size = 56;
    for (int stage = 0; stage < blocks.length; stage++) {
      int width = 64 << stage;
      for (int block = 0; block < blocks[stage]; block++) {
        String name = "stage%d.block%d.".formatted(stage + 1, block + 1);
        int inputSize = size;
        if (stage > 0 && block == 0) {
          size /= 2;
        }
        costs.layer(name + "reduce", inputs * width, (long) inputSize * inputSize);
        costs.layer(name + "spatial", 9 * width * width, (long) size * size);
        costs.layer(name + "expand", width * 4 * width, (long) size * size);
        if (block == 0) {
          costs.layer(name + "shortcut", inputs * 4 * width, (long) size * size);
        }
        inputs = 4 * width;
      }
    }
    return costs.layer("classifier", inputs * CLASSES, 1).build();
  }

  /// Returns ResNet20 on images of 32 × 32: the convolutions without the shortcuts, 268,336
  /// weights.
  static CostTable resnet20() {
    var costs = CostTable.builder().layer("stem", 3 * 9 * 16, 32 * 32);
    int inputs = 16;
    int size = 32;
    for (int stage = 0; stage < 3; stage++) {
      int width = 16 << stage;
      size = stage == 0 ? size : size / 2;
      for (int block = 0; block < 3; block++) {
        String name = "stage%d.block%d.".formatted(stage + 1, block + 1);
        costs.layer(name + "first", 9 * inputs * width, (long) size * size);
        costs.layer(name + "second", 9 * width * width, (long) size * size);
        inputs = width;
      }
    }
    return costs.layer("classifier", 64 * 10, 1).build();
  }
}
