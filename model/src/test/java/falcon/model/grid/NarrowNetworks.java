package falcon.model.grid;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// Whole networks of many architectures with few channels, and inputs for them.
public final class NarrowNetworks {
  private static final Path FOLDER = Path.of("..", "models", "narrow");

  private NarrowNetworks() {}

  /// Returns the ONNX files, seen from the folder of a module.
  public static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.filter(file -> file.toString().endsWith(".onnx")).sorted().toList();
    }
  }

  /// Returns whether a network's weights are float16, so that ONNX Runtime rounds every value to 11
  /// bits.
  public static boolean isHalf(Network network) {
    return network.initializers().values().stream()
        .anyMatch(tensor -> tensor.type() == DataType.FLOAT16);
  }

  /// Returns inputs of two examples; open axes behind the first have eight elements; integers are
  /// below ten.
  public static Map<String, Tensor> inputs(Network network) {
    var random = new SplittableRandom(5);
    var inputs = new LinkedHashMap<String, Tensor>();
    for (ValueInfo input : network.inputs()) {
      var shape = new ArrayList<Long>();
      for (Dimension dimension :
          input.dimensions() == null ? List.<Dimension>of() : input.dimensions()) {
        shape.add(
            dimension instanceof Dimension.Fixed(long size) ? size : shape.isEmpty() ? 2L : 8L);
      }
      int count = Math.toIntExact(Tensor.elements(shape));
      if (input.type() == DataType.INT64) {
        int bound = input.name().contains("mask") ? 2 : 10;
        inputs.put(input.name(), Tensor.ofLongs(shape, random.longs(count, 0, bound).toArray()));
        continue;
      }
      var values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) random.nextGaussian();
      }
      inputs.put(input.name(), Tensor.ofFloats(shape, values));
    }
    return inputs;
  }
}
