package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import falcon.torch.NodeTests.NodeTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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

  /// Tests whose results ONNX changed later: the corners of an output of rounded size; here as in ONNX
  /// Runtime, which leaves these tests out.
  static final Set<String> CHANGED_LATER =
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
          if (!CHANGED_LATER.contains(test.name())) {
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
}
