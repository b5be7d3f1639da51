package falcon.prune.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Dataset;
import falcon.data.ImageLayout;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.Preprocessing;
import falcon.data.Split;
import falcon.data.SplitReader;
import falcon.data.Splits;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.prune.options.Loss;
import falcon.prune.options.PruningException;
import falcon.torch.sample.InputArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ImageInputTest {
  private static final int CLASSES = 24;
  private static final int COUNT = 1200;

  /// Images of 3 channels, 2 by 4 pixels, in the order of their classes: value v at position v.
  private final Dataset data =
      new Dataset(Path.of("here"), Layout.CIFAR10, reader(), shape(), null);

  @ParameterizedTest
  @CsvSource({
    "UINT8, '3,2,4', 0",
    "UINT8, '2,4,3', 0",
    "INT8, '2,4,3', -128",
    "INT64, '2,4,3', 0",
    "UINT8, '?,4,3', 0",
    "UINT8, '3,?,?', 0"
  })
  void pixelsGoInAsWholeNumbers(DataType type, String sizes, int offset) {
    boolean isLast = sizes.endsWith("3");
    NetworkWithData match = match(network(type, sizes), null);
    InputArray input = match.plain(data.train(), new int[] {5}).batch(0, 1).inputs().getFirst();
    assertThat(input.type()).isEqualTo(type);
    assertThat(input.sampleShape()).isEqualTo(isLast ? List.of(2L, 4L, 3L) : List.of(3L, 2L, 4L));
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 8; i++) {
        assertThat(input.longs()[isLast ? 3 * i + c : 8 * c + i]).isEqualTo(8 * c + i + offset);
      }
    }
    assertThat(Objects.requireNonNull(match.preprocessing()).layout())
        .isEqualTo(isLast ? ImageLayout.NHWC : null);
  }

  @Test
  void floatingPointInputsGetTheUsualNumbersInTheirOrder() {
    Preprocessing given = Preprocessing.of(List.of(0.1, 0.2, 0.3), List.of(0.5, 0.6, 0.7), 0, true);
    float[] first = floats(match(network(DataType.FLOAT32, "3,2,4"), given));
    float[] last = floats(match(network(DataType.FLOAT16, "2,4,3"), given));
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 8; i++) {
        assertThat(last[3 * i + c]).isEqualTo(first[8 * c + i]);
      }
    }
  }

  private float[] floats(NetworkWithData match) {
    return match.plain(data.train(), new int[] {5}).batch(0, 1).inputs().getFirst().floats();
  }

  @Test
  void nodesTellWhereAllAxesAreOpen() {
    assertThat(layout(network(DataType.FLOAT32, "?,?,?", "Conv"))).isNull();
    assertThat(layout(network(DataType.FLOAT32, "?,?,?", "Transpose"))).isEqualTo(ImageLayout.NHWC);
    Network unknown = network(DataType.FLOAT32, "?,?,?", "Flatten");
    assertThatThrownBy(() -> match(unknown, null))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("does not tell whether an image is [channels, height, width] or");
    Preprocessing usual = Preprocessing.defaultsOf(Layout.CIFAR10);
    assertThat(match(unknown, usual.in(ImageLayout.NHWC)).network().inputs().getFirst())
        .hasToString("x FLOAT32[?, 2, 4, 3]");
    assertThat(match(unknown, usual.in(ImageLayout.NCHW)).network().inputs().getFirst())
        .hasToString("x FLOAT32[?, 3, 2, 4]");
  }

  private @Nullable ImageLayout layout(Network network) {
    return Objects.requireNonNull(match(network, null).preprocessing()).layout();
  }

  @Test
  void contradictionsAreRefused() {
    Preprocessing usual = Preprocessing.defaultsOf(Layout.CIFAR10);
    Network last = network(DataType.UINT8, "2,4,3");
    assertThatThrownBy(() -> match(last, usual.in(ImageLayout.NCHW)))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.USAGE))
        .hasMessageContaining("‹layout› nchw contradicts the network");
    assertThatThrownBy(() -> match(last, usual))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("Leave out ‹mean› and ‹deviation›");
    assertThatThrownBy(() -> match(network(DataType.BOOL, "2,4,3"), null))
        .isInstanceOf(PruningException.class);
    assertThatThrownBy(() -> match(network(DataType.UINT8, "4,2,3"), null))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("the images in here are [3, 2, 4] (channels, height, width)");
  }

  @Test
  void fewHeldOutSamplesAreOfAllClassesWhereTheseFollowEachOther() {
    NetworkWithData match = match(network(DataType.UINT8, "3,2,4"), null);
    var samples = new CalibrationSamples(match, Splits.of(data.train()), 1);
    int[] held = samples.splits().validation();
    assertThat(held).hasSize(COUNT / 10);
    int[] positions = samples.positions(CLASSES);
    assertThat(Arrays.stream(positions).map(i -> data.train().label(held[i])).distinct())
        .hasSize(CLASSES);
    assertThat(samples.positions(held.length)[7]).isEqualTo(7);
    assertThat(samples.positions(2 * held.length)).hasSize(held.length);
    assertThat(samples.validation(CLASSES).size()).isEqualTo(CLASSES);
  }

  private NetworkWithData match(Network network, @Nullable Preprocessing preprocessing) {
    return NetworkWithData.of(network, data, preprocessing, Loss.AUTO);
  }

  private static Network network(DataType type, String sizes) {
    return network(type, sizes, sizes.endsWith("3") ? "Transpose" : "Conv");
  }

  /// A cast, then a node of the operator, then the mean of each channel or all values.
  private static Network network(DataType type, String sizes, String operator) {
    var dimensions = new ArrayList<Dimension>();
    dimensions.add(new Dimension.Symbolic(""));
    for (String size : sizes.split(",", -1)) {
      dimensions.add(
          size.equals("?")
              ? new Dimension.Symbolic("")
              : new Dimension.Fixed(Long.parseLong(size)));
    }
    Map<String, Attribute> order =
        operator.equals("Transpose")
            ? Map.of("perm", new Attribute.IntegerList(List.of(0L, 3L, 1L, 2L)))
            : Map.of();
    List<String> inputs = operator.equals("Conv") ? List.of("f", "w") : List.of("f");
    return Network.builder("net")
        .opset("", 17)
        .input(new ValueInfo("x", type, dimensions))
        .node(
            new Node(
                "f",
                "Cast",
                "",
                List.of("x"),
                List.of("f"),
                Map.of("to", new Attribute.IntegerValue(DataType.FLOAT32.onnxCode()))))
        .initializer("w", Tensor.ofFloats(List.of(40L, 3L, 1L, 1L), new float[120]))
        .node(new Node("t", operator, "", inputs, List.of("t"), order))
        .node(new Node("o", "Flatten", "", List.of("t"), List.of("o"), Map.of()))
        .output(new ValueInfo("o", DataType.FLOAT32, null))
        .build();
  }

  private static Dataset.ImageShape shape() {
    return new Dataset.ImageShape(3, 2, 4);
  }

  private static SplitReader reader() {
    var labels = new int[COUNT];
    Arrays.setAll(labels, i -> i * CLASSES / COUNT);
    Images images =
        Images.ofFiles(
            shape(),
            (index, target, offset) -> {
              for (int i = 0; i < 24; i++) {
                target[offset + i] = (byte) i;
              }
            },
            COUNT,
            labels);
    return new SplitReader() {
      @Override
      public boolean has(Split split) {
        return split == Split.TRAIN;
      }

      @Override
      public Images read(Split split) {
        return images;
      }

      @Override
      public List<Path> files() {
        return List.of();
      }
    };
  }
}
