package falcon.torch.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtException;
import falcon.model.Tensor;
import falcon.model.grid.Comparison;
import falcon.model.grid.Outcome;
import falcon.torch.Forward;
import falcon.torch.OnnxRuntime;
import falcon.torch.Precision;
import falcon.torch.operator.NodeTests.NodeTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// ONNX's own tests of its operators.
@Tag("native")
@Tag("onnx-node-tests")
class OnnxNodeTest {
  /// Tests of known operators in a form that is refused by name.
  private static final Set<String> REFUSED =
      Set.of(
          // training mode
          "test_batchnorm_epsilon_training_mode",
          "test_batchnorm_example_training_mode",
          "test_training_dropout",
          "test_training_dropout_default",
          "test_training_dropout_default_mask",
          "test_training_dropout_mask",
          // texts, sequences, optional values
          "test_cast_FLOAT_to_STRING",
          "test_cast_STRING_to_FLOAT",
          "test_castlike_FLOAT_to_STRING",
          "test_castlike_FLOAT_to_STRING_expanded",
          "test_castlike_STRING_to_FLOAT",
          "test_castlike_STRING_to_FLOAT_expanded",
          "test_identity_opt",
          "test_identity_sequence");

  /// Tests that ONNX Runtime fails, too, with the numbers that are computed here: corners of an
  /// output of rounded size.
  static final Set<String> AS_IN_ONNX_RUNTIME =
      Set.of(
          "test_resize_downsample_scales_cubic_align_corners",
          "test_resize_downsample_scales_linear_align_corners");

  @TempDir static Path folder;

  @BeforeAll
  static void testsAreInstalled() {
    assumeTrue(
        Files.isDirectory(NodeTests.folder()),
        "%s is not there: install Debian's libonnx-testdata or set -D%s"
            .formatted(NodeTests.folder(), NodeTests.PROPERTY));
  }

  @Test
  void everyTestOfAKnownOperatorPassesOrIsRefusedByName() throws IOException {
    var failed = new ArrayList<String>();
    var refused = new ArrayList<String>();
    List<NodeTest> tests = NodeTests.all();
    for (NodeTest test : tests) {
      Outcome outcome = NodeTests.run(test, folder);
      String line = test.name() + ": " + outcome.detail();
      switch (outcome.kind()) {
        case PASSED, WITHOUT_REFERENCE -> {}
        case FAILED -> {
          if (!AS_IN_ONNX_RUNTIME.contains(test.name())) {
            failed.add(line);
          }
        }
        case REFUSED -> {
          if (test.unknownOperator() == null && !REFUSED.contains(test.name())) {
            refused.add(line);
          }
        }
      }
    }
    assertThat(failed).as("wrong results").isEmpty();
    assertThat(refused).as("refused although the operator is known").isEmpty();
    assertThat(tests).hasSizeGreaterThan(500);
  }

  @Test
  void failedTestsHaveTheNumbersOfOnnxRuntime() throws IOException, OrtException {
    var compared = new TreeSet<String>();
    for (NodeTest test : NodeTests.all()) {
      if (AS_IN_ONNX_RUNTIME.contains(test.name())) {
        Map<String, Tensor> inputs = NodeTests.inputs(test, folder);
        List<Tensor> own = Forward.run(test.network(), inputs, Precision.FLOAT32);
        List<Tensor> theirs = OnnxRuntime.run(test.folder().resolve("model.onnx"), inputs);
        assertThat(Comparison.difference(own, theirs, 1e-5, 1e-6)).as(test.name()).isEmpty();
        compared.add(test.name());
      }
    }
    assertThat(compared).isEqualTo(AS_IN_ONNX_RUNTIME);
  }
}
