package falcon.cli.speed;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.shape.ShapeInference;
import falcon.prune.options.PruningException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Makes up inputs of a network: real numbers are drawn from a normal distribution, indexes are
/// rows of the tables that they look up, all other numbers are 1.
final class ExampleInputs {
  private ExampleInputs() {}

  /// Returns a value for each input that a caller has to give.
  ///
  /// @param batch number of examples, 1 or more, where the network leaves it open
  /// @throws PruningException if the network leaves another axis open
  static Map<String, Tensor> of(Network network, int batch) {
    Map<String, List<Long>> shapes;
    try {
      shapes = ShapeInference.inputShapes(network, batch);
    } catch (IllegalArgumentException e) {
      throw new PruningException(PruningException.Kind.INPUT, network.place() + e.getMessage(), e);
    }
    var inputs = new LinkedHashMap<String, Tensor>();
    var random = new SplittableRandom(batch);
    for (ValueInfo input : network.fedInputs()) {
      List<Long> shape = shapes.getOrDefault(input.name(), List.of());
      inputs.put(input.name(), value(network, input, shape, random));
    }
    network.given().forEach(inputs::put);
    return inputs;
  }

  private static Tensor value(
      Network network, ValueInfo input, List<Long> shape, SplittableRandom random) {
    DataType type = input.type() == null ? DataType.FLOAT32 : input.type();
    int count = Math.toIntExact(Tensor.elements(shape));
    if (type.isFloatingPoint()) {
      var values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return Tensor.ofFloats(type, shape, values);
    }
    long rows = tableRows(network, input.name());
    var values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = rows > 0 ? random.nextLong(rows) : 1;
    }
    return integers(type, shape, values);
  }

  private static Tensor integers(DataType type, List<Long> shape, long... values) {
    var content = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      for (int b = 0; b < type.bytes(); b++) {
        content.put((byte) (value >> (8 * b)));
      }
    }
    return Tensor.ofContent(type, shape, content.flip());
  }

  /// Returns the number of rows of the smallest table that is looked up by a value; 0 if there is
  /// none.
  private static long tableRows(Network network, String value) {
    long rows = 0;
    for (Node node : network.consumers(value)) {
      Tensor table = network.initializers().get(node.inputs().getFirst());
      if (node.is("Gather") && table != null && node.inputs().get(1).equals(value)) {
        int axis = Math.floorMod((int) node.integer("axis", 0), table.shape().size());
        long own = table.shape().get(axis);
        rows = rows == 0 ? own : Math.min(rows, own);
      } else if (node.is("Cast") || node.is("Identity")) {
        long behind = tableRows(network, node.outputs().getFirst());
        rows = rows == 0 ? behind : behind == 0 ? rows : Math.min(rows, behind);
      }
    }
    return rows;
  }
}
