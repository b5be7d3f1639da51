package falcon.torch.operator;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.grid.GridCase;
import falcon.model.grid.GridCases;
import falcon.model.grid.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Own operators against ONNX Runtime over their options.
@Tag("native")
@Tag("kernels")
class OperatorGridTest {
  private static final Map<String, List<GridCase>> CASES = GridCases.byOperator();

  @TempDir Path folder;

  static Set<String> operators() {
    return CASES.keySet();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operators")
  void resultsAndShapesEqualThoseOfOnnxRuntime(String operator) {
    var problems = new ArrayList<String>();
    int passed = 0;
    for (GridCase each : Objects.requireNonNull(CASES.get(operator))) {
      Outcome outcome = OperatorGrid.run(each, folder);
      switch (outcome.kind()) {
        case PASSED -> passed++;
        case FAILED, REFUSED -> problems.add(each + ": " + outcome.detail());
        case WITHOUT_REFERENCE -> {
          if (Boolean.getBoolean("falcon.show.unreferenced")) {
            System.err.println(each + ": " + outcome.detail());
          }
        }
      }
    }
    assertThat(problems).isEmpty();
    assertThat(passed).as("cases that ONNX Runtime accepts").isPositive();
  }
}
