package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.options.BatchAxes;
import falcon.prune.options.Loss;
import falcon.prune.options.PruningException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Networks whose nodes fix or limit the number of samples, and axes whose size is the number of
/// samples by coincidence.
@Tag("native")
class FixedSamplesTest {
  private static final int FEATURES = 6;

  private final SplittableRandom random = new SplittableRandom(4);
  private final Network.Builder builder = Network.builder("fixed").opset("", 17);

  @TempDir Path folder;

  private String noise(String name, long... shape) {
    builder.initializer(name, Graphs.noise(random, shape));
    return name;
  }

  private String longs(String name, long... values) {
    builder.initializer(name, Tensor.ofLongs(List.of((long) values.length), values));
    return name;
  }

  private Dataset data(long... shape) throws IOException {
    Path file = folder.resolve("x.npy");
    Files.write(file, NpyBytes.noise(random, shape));
    return Datasets.open(file);
  }

  private Network network(Object... sizes) {
    var dimensions = new ArrayList<Dimension>();
    for (Object size : sizes) {
      dimensions.add(
          size instanceof Integer number
              ? new Dimension.Fixed(number)
              : new Dimension.Symbolic(size.toString()));
    }
    return builder
        .input(new ValueInfo("x", DataType.FLOAT32, dimensions))
        .output(Graphs.output("y"))
        .build();
  }

  private static @Nullable Dimension samples(Network network) {
    return network.inputs().getFirst().examples();
  }

  private Network matched(Network network, Dataset data) {
    return NetworkWithData.of(network, data, null, Loss.OUTPUTS).network();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void expandFixesTheNumber(int outputs) throws IOException {
    noise("b", 1, FEATURES);
    noise("w", FEATURES, outputs);
    longs("shape", 4, FEATURES);
    builder
        .node(Graphs.node("Expand", "e", "b", "shape"))
        .node(Graphs.node("Add", "a", "x", "e"))
        .node(Graphs.node("MatMul", "y", "a", "w"));
    Network found = matched(network("N", FEATURES), data(12, FEATURES));
    assertThat(samples(found)).isEqualTo(new Dimension.Fixed(4));
    assertThat(found.outputs().getFirst().axisOfExamples()).isZero();
  }

  @Test
  void expandOfAnOperandFixesTheNumber() throws IOException {
    noise("b", 1, 2);
    noise("w", FEATURES + 2, 3);
    longs("shape", 4, 2);
    builder
        .node(Graphs.node("Expand", "e", "b", "shape"))
        .node(
            new Node(
                "concat",
                "Concat",
                "",
                List.of("x", "e"),
                List.of("a"),
                Map.of("axis", new Attribute.IntegerValue(1))))
        .node(Graphs.node("MatMul", "y", "a", "w"));
    Network found = matched(network("N", FEATURES), data(12, FEATURES));
    assertThat(samples(found)).isEqualTo(new Dimension.Fixed(4));
  }

  /// Results of samples beyond the end of a slice are lost.
  @ParameterizedTest
  @CsvSource({"8,8", "600,600", "9223372036854775807,"})
  void sliceLimitsTheNumber(long end, @Nullable Long limit) throws IOException {
    noise("w", FEATURES, 3);
    longs("start", 0);
    longs("end", end);
    builder
        .node(Graphs.node("Slice", "a", "x", "start", "end"))
        .node(Graphs.node("MatMul", "y", "a", "w"));
    Dimension found = samples(matched(network("N", FEATURES), data(40, FEATURES)));
    if (limit == null) {
      assertThat(found).isInstanceOf(Dimension.Symbolic.class);
    } else {
      assertThat(found).isEqualTo(new Dimension.Fixed(limit));
    }
  }

  /// A one-dimensional convolution over samples as `[N, L, C]`, `[L, N, C]` or `[C, L, N]`.
  @ParameterizedTest
  @CsvSource({"N L 3,0 2 1,0", "L N 3,1 2 0,1", "3 L N,2 0 1,2"})
  void convolutionOfAPermutedInputFollowsItsSamples(String axes, String order, int axis)
      throws IOException {
    noise("k", 5, 3, 3);
    noise("w", 5, 4);
    builder
        .node(
            new Node(
                "t",
                "Transpose",
                "",
                List.of("x"),
                List.of("t"),
                Map.of(
                    "perm",
                    new Attribute.IntegerList(
                        Arrays.stream(order.split(" ", -1)).map(Long::valueOf).toList()))))
        .node(Graphs.node("Conv", "c", "t", "k"))
        .node(
            new Node(
                "mean",
                "ReduceMean",
                "",
                List.of("c"),
                List.of("m"),
                Map.of(
                    "axes",
                    new Attribute.IntegerList(List.of(2L)),
                    "keepdims",
                    new Attribute.IntegerValue(0))))
        .node(Graphs.node("MatMul", "y", "m", "w"));
    Object[] sizes =
        Arrays.stream(axes.split(" ", -1))
            .map(size -> size.equals("3") ? (Object) 3 : size)
            .toArray();
    Dataset data = axis == 2 ? data(40, 3, 7) : data(40, 7, 3);
    Network found = matched(network(sizes), data);
    assertThat(found.inputs().getFirst().axisOfExamples()).isEqualTo(axis);
    assertThat(found.outputs().getFirst().axisOfExamples()).isZero();
  }

  /// The output has as many steps as the wrong axis has features.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void axisOfTheRightSizeByCoincidenceIsRefused(boolean isTimeOpen) throws IOException {
    noise("w", FEATURES, 5);
    builder.node(Graphs.node("MatMul", "y", "x", "w"));
    Network network =
        BatchAxes.parse("2").appliedTo(network(isTimeOpen ? "T" : FEATURES, "N", FEATURES));
    Dataset data = data(20, FEATURES, FEATURES);
    assertThatThrownBy(() -> NetworkWithData.of(network, data, null, Loss.OUTPUTS))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("no axis of output 'y' follows the number of examples")
        .hasMessageContaining("the 6 examples that axis 2 of 'x' fixes")
        .hasMessageContaining("follows other axes");
  }

  /// A file that fixes the batch to as many as there are steps.
  @Test
  void fixedNumberThatIsAlsoAnotherSizeIsTaken() throws IOException {
    noise("w", FEATURES, 5);
    longs("shape", FEATURES, FEATURES, FEATURES);
    builder
        .node(Graphs.node("Reshape", "r", "x", "shape"))
        .node(Graphs.node("MatMul", "y", "r", "w"));
    Network found = matched(network(FEATURES, FEATURES, FEATURES), data(18, FEATURES, FEATURES));
    assertThat(samples(found)).isEqualTo(new Dimension.Fixed(FEATURES));
    assertThat(found.inputs().getFirst().axisOfExamples()).isZero();
  }
}
