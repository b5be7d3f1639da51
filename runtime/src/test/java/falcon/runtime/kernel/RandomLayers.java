package falcon.runtime.kernel;

import falcon.runtime.loop.Activation;
import java.util.List;
import java.util.random.RandomGenerator;

/// Draws small layers of every kind.
final class RandomLayers {
  private static final double[] DENSITIES = {0, 0.05, 0.2, 0.5, 0.9, 1};
  private static final int[] IMAGES = {1, 1, 1, 2, 3, 16, 21, 33};

  private static final List<Activation> FUNCTIONS = List.of(Activation.values());

  private RandomLayers() {}

  static LayerCase next(RandomGenerator random) {
    int groups = random.nextInt(4) == 0 ? random.nextInt(1, 4) : 1;
    int inputs = random.nextInt(1, 7);
    int outputs = random.nextInt(1, 11);
    if (random.nextInt(6) == 0) {
      groups = random.nextInt(1, 9);
      inputs = 1;
      outputs = random.nextInt(1, 3);
    }
    int images = IMAGES[random.nextInt(IMAGES.length)];
    int most = images > 3 ? 9 : 20;
    ConvolutionShape shape =
        switch (random.nextInt(6)) {
          case 0 ->
              ConvolutionShape.linear(
                  inputs * groups * 3, outputs * 3, random.nextInt(1, 4 * most));
          case 1 ->
              new ConvolutionShape(
                  inputs * groups * 7,
                  outputs * groups,
                  groups,
                  new Axis(1, Window.POINT),
                  new Axis(1, Window.POINT));
          default ->
              new ConvolutionShape(
                  inputs * groups,
                  outputs * groups,
                  groups,
                  axis(random, most),
                  axis(random, most));
        };
    double density =
        random.nextBoolean() ? DENSITIES[random.nextInt(DENSITIES.length)] : random.nextDouble();
    var layer = new LayerCase(shape, images, density, epilogue(random), random);
    return random.nextInt(3) == 0 ? layer.inBlocks() : layer;
  }

  private static Axis axis(RandomGenerator random, int most) {
    int length = random.nextInt(1, most + 1);
    while (true) {
      int size = random.nextInt(1, 6);
      var window =
          new Window(
              size,
              random.nextInt(3) == 0 ? random.nextInt(1, 4) : 1,
              random.nextInt(4) == 0 ? random.nextInt(1, 4) : 1,
              random.nextInt(0, size + 1),
              random.nextInt(0, size + 1));
      long padded = (long) length + window.before() + window.after();
      if (padded >= (long) (size - 1) * window.dilation() + 1) {
        return new Axis(length, window);
      }
    }
  }

  private static Epilogue epilogue(RandomGenerator random) {
    Epilogue epilogue = random.nextBoolean() ? Epilogue.NONE.withResidual() : Epilogue.NONE;
    return switch (random.nextInt(8)) {
      case 0, 1 -> epilogue;
      case 2 -> epilogue.withRelu();
      case 3 -> epilogue.withClip(-0.5f, 0.75f);
      default -> epilogue.withActivation(FUNCTIONS.get(random.nextInt(FUNCTIONS.size())));
    };
  }

  /// Returns the least layouts, or some with more zeros and longer rows than needed.
  static Layouts layouts(LayerCase layer, RandomGenerator random) {
    Layouts least = Layouts.of(layer.shape, layer.images);
    if (random.nextBoolean()) {
      return least;
    }
    PlaneLayout input = least.input();
    PlaneLayout output = least.output();
    int lanes = random.nextInt(3) == 0 ? PlaneLayout.IMAGES : 1;
    Margins needed = Margins.of(layer.shape, lanes);
    var more =
        new Margins(
            needed.rows() + random.nextInt(3),
            needed.columns() + random.nextInt(3),
            needed.rowPhases(),
            needed.columnPhases());
    var others = new Margins(random.nextInt(3), random.nextInt(3), 1, 1);
    if (lanes > 1) {
      return new Layouts(
          PlaneLayout.imagesInLanes(input.extent(), more),
          PlaneLayout.imagesInLanes(output.extent(), others));
    }
    int pitch =
        Math.max(
            PlaneLayout.padded(input.extent(), more, 0).rowPitch(),
            PlaneLayout.padded(output.extent(), others, 0).rowPitch());
    return new Layouts(
        PlaneLayout.padded(input.extent(), more, pitch),
        PlaneLayout.padded(output.extent(), others, pitch));
  }
}
