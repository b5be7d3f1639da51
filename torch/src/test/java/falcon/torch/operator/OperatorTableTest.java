package falcon.torch.operator;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.grid.GridCase;
import falcon.model.grid.GridCases;
import falcon.model.grid.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// Writes the table of operators, where a system property says to which file.
@Tag("native")
@EnabledIfSystemProperty(named = OperatorTableTest.PROPERTY, matches = ".+")
class OperatorTableTest {
  static final String PROPERTY = "falcon.operators.table";

  private static final String HEAD =
      """
      # Operators

      What libtorch computes for each operator of ONNX, against two references.

      *Grid*: one node with seeded operands over the operator's options, in several operator sets of 7 to 24; results
      (1e-4 relative, 2e-5 absolute) and inferred shapes against ONNX Runtime 1.29.0. *Without reference* are
      combinations that ONNX Runtime does not accept (an option that the operator set does not know yet, mostly).

      *Node tests*: ONNX's own tests (1.12, Debian's `libonnx-testdata`; 1e-3 relative, 1e-5 absolute), whose operator
      is that of the model's only node; functions that are written out in several nodes have a row of their own. *Refused*
      are named as unsupported, with node and reason.

      ```
      mvn test -pl torch -am -Dtest=OperatorTableTest -Dsurefire.failIfNoSpecifiedTests=false \\
        -Dfalcon.operators.table=$PWD/docs/results/operators.md
      ```

      | operator | grid passed | refused | failed | without reference | node tests passed | refused | failed |
      |---|---:|---:|---:|---:|---:|---:|---:|
      """;

  @TempDir Path folder;

  /// Outcomes of one operator's cases and tests.
  private static final class Row {
    private final Map<Outcome.Kind, Integer> grid = new TreeMap<>();
    private final Map<Outcome.Kind, Integer> nodeTests = new TreeMap<>();

    String cells() {
      return "%s | %s | %s | %s | %s | %s | %s"
          .formatted(
              count(grid, Outcome.Kind.PASSED),
              count(grid, Outcome.Kind.REFUSED),
              count(grid, Outcome.Kind.FAILED),
              count(grid, Outcome.Kind.WITHOUT_REFERENCE),
              count(nodeTests, Outcome.Kind.PASSED),
              count(nodeTests, Outcome.Kind.REFUSED),
              count(nodeTests, Outcome.Kind.FAILED));
    }

    private static String count(Map<Outcome.Kind, Integer> counts, Outcome.Kind kind) {
      return counts.isEmpty() ? "" : Integer.toString(counts.getOrDefault(kind, 0));
    }

    void add(Row other) {
      other.grid.forEach((kind, count) -> grid.merge(kind, count, Integer::sum));
      other.nodeTests.forEach((kind, count) -> nodeTests.merge(kind, count, Integer::sum));
    }
  }

  @Test
  void tableIsWritten() throws IOException {
    var supported = new TreeMap<String, Row>();
    var unsupported = new TreeMap<String, Row>();
    for (Map.Entry<String, List<GridCase>> operator : GridCases.byOperator().entrySet()) {
      Row row = supported.computeIfAbsent(operator.getKey(), _ -> new Row());
      for (GridCase each : operator.getValue()) {
        row.grid.merge(OperatorGrid.run(each, folder).kind(), 1, Integer::sum);
      }
    }
    if (Files.isDirectory(NodeTests.folder())) {
      for (NodeTests.NodeTest test : NodeTests.all()) {
        boolean isKnown = test.unknownOperator() == null;
        Row row =
            (isKnown ? supported : unsupported).computeIfAbsent(test.operator(), _ -> new Row());
        row.nodeTests.merge(NodeTests.run(test, folder).kind(), 1, Integer::sum);
      }
    }
    Path file = Path.of(Objects.requireNonNull(System.getProperty(PROPERTY)));
    Files.writeString(file, table(supported, unsupported));
    assertThat(supported).isNotEmpty();
  }

  private static String table(Map<String, Row> supported, Map<String, Row> unsupported) {
    var text = new StringBuilder(HEAD);
    var total = new Row();
    var rows = new LinkedHashMap<>(supported);
    rows.forEach((name, row) -> {
      total.add(row);
      text.append("| ").append(name).append(" | ").append(row.cells()).append(" |\n");
    });
    text.append("| **all** | ").append(total.cells()).append(" |\n\n");
    text.append("Failed node tests: ")
        .append(String.join(", ", OnnxNodeTest.AS_IN_ONNX_RUNTIME.stream().sorted().toList()))
        .append(
            """
            .
            ONNX Runtime fails these, too, and gives the numbers that are computed here (`OnnxNodeTest`): corners of an output of
            rounded size.

            Operators of node tests that are not known (all refused by name):
            """);
    return text.append(String.join(", ", unsupported.keySet())).append(".\n").toString();
  }
}
