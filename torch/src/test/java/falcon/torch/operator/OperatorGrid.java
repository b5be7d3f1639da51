package falcon.torch.operator;

import ai.onnxruntime.OrtException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.grid.Comparison;
import falcon.model.grid.GridCase;
import falcon.model.grid.Outcome;
import falcon.model.onnx.OnnxFile;
import falcon.model.shape.ShapeInference;
import falcon.model.shape.Shapes;
import falcon.torch.Forward;
import falcon.torch.OnnxRuntime;
import falcon.torch.Precision;
import falcon.torch.UnsupportedNetworkException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Every operator over its options: own result and own shapes against those of ONNX Runtime.
final class OperatorGrid {
  /// Largest difference, as a share of the expected number.
  private static final double RELATIVE = 1e-4;

  /// Added to it, for sums that cancel: a float32 sum of hundreds of terms of size 1 is no better.
  private static final double ABSOLUTE = 2e-5;

  private OperatorGrid() {}

  /// @param folder for the file that ONNX Runtime reads
  static Outcome run(GridCase each, Path folder) {
    Network network = each.network();
    List<Tensor> expected;
    try {
      Path file = folder.resolve("case.onnx");
      OnnxFile.write(network, file);
      expected = OnnxRuntime.run(file, each.inputs());
    } catch (OrtException e) {
      return new Outcome(Outcome.Kind.WITHOUT_REFERENCE, String.valueOf(e.getMessage()));
    }
    try {
      List<Tensor> own = Forward.run(network, each.inputs(), Precision.FLOAT32);
      String difference = Comparison.difference(own, expected, RELATIVE, ABSOLUTE);
      if (difference.isEmpty()) {
        difference = shapeDifference(network, each.inputs(), expected);
      }
      return difference.isEmpty() ? Outcome.passed() : new Outcome(Outcome.Kind.FAILED, difference);
    } catch (UnsupportedNetworkException e) {
      return new Outcome(Outcome.Kind.REFUSED, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      return new Outcome(Outcome.Kind.FAILED, firstLine(e));
    }
  }

  static String firstLine(Throwable e) {
    String message = e.getClass().getSimpleName() + ": " + e.getMessage();
    return message.lines().findFirst().orElse(message);
  }

  private static String shapeDifference(
      Network network, Map<String, Tensor> inputs, List<Tensor> expected) {
    var given = new LinkedHashMap<String, List<Long>>();
    inputs.forEach((name, tensor) -> given.put(name, tensor.shape()));
    Shapes inferred = ShapeInference.infer(network, given);
    for (int i = 0; i < expected.size(); i++) {
      List<Long> shape = inferred.of(network.outputs().get(i).name());
      if (!shape.equals(expected.get(i).shape())) {
        return "inferred shape %s instead of %s".formatted(shape, expected.get(i).shape());
      }
    }
    return "";
  }
}
