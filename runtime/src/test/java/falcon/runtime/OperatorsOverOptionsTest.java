package falcon.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.grid.Comparison;
import falcon.model.grid.GridCase;
import falcon.model.grid.GridCases;
import falcon.model.grid.OnnxRuntime;
import falcon.model.onnx.OnnxFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Own operators against ONNX Runtime over their options.
class OperatorsOverOptionsTest {
  private static final Map<String, List<GridCase>> CASES = GridCases.byOperator();

  /// Largest difference, as a share of the expected number.
  private static final double RELATIVE = 1e-4;

  /// Added to it, for sums that cancel.
  private static final double ABSOLUTE = 2e-5;

  /// Operators of the grid that the runtime does not compute.
  private static final Set<String> MISSING =
      Set.of(
          "AffineGrid",
          "Col2Im",
          "Compress",
          "ConvInteger",
          "Det",
          "DynamicQuantizeLinear",
          "GridSample",
          "MatMulInteger",
          "MaxUnpool",
          "MeanVarianceNormalization",
          "NonZero",
          "QLinearConv",
          "QLinearMatMul");

  @TempDir Path folder;

  static Set<String> operators() {
    return CASES.keySet();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operators")
  void resultsEqualThoseOfOnnxRuntime(String operator) {
    var problems = new ArrayList<String>();
    int passed = 0;
    boolean isMissing = false;
    for (GridCase each : Objects.requireNonNull(CASES.get(operator))) {
      Network network = each.network();
      List<Tensor> expected;
      try {
        Path file = folder.resolve("case.onnx");
        OnnxFile.write(network, file);
        expected = OnnxRuntime.run(file, each.inputs());
      } catch (OrtException _) {
        continue; // nothing to compare with
      }
      try (var runtime = FalconRuntime.of(network, RuntimeOptions.defaults())) {
        List<Tensor> own = List.copyOf(runtime.run(each.inputs()).values());
        String difference = Comparison.difference(own, expected, RELATIVE, ABSOLUTE);
        if (difference.isEmpty()) {
          difference = types(own, expected);
        }
        if (difference.isEmpty()) {
          passed++;
        } else {
          problems.add(each + ": " + difference);
        }
      } catch (UnsupportedOperatorsException _) {
        isMissing = true;
      } catch (UnusableNodeException e) {
        problems.add(each + ": " + e.problem());
      } catch (RuntimeException e) {
        problems.add(each + ": " + e);
      }
    }
    assertThat(problems).isEmpty();
    assertThat(isMissing).isEqualTo(MISSING.contains(operator));
    if (!isMissing) {
      assertThat(passed).as("cases that ONNX Runtime accepts").isPositive();
    }
  }

  private static String types(List<Tensor> own, List<Tensor> expected) {
    for (int i = 0; i < expected.size(); i++) {
      if (own.get(i).type() != expected.get(i).type()) {
        return "output %d is of type %s instead of %s"
            .formatted(i, own.get(i).type(), expected.get(i).type());
      }
    }
    return "";
  }
}
