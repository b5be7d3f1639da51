package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.format.Networks;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Images and arrays as people have them, for networks that take them in any order and type.
@Tag("native")
class DataCasesTest {
  private static final List<String> COLOURS = List.of("0red", "1green", "2blue");
  private static final int SIDE = 8;

  /// Outputs of the networks that tests build, of which data of three classes use the first.
  private static final int CLASSES = 10;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"m11_nhwc.onnx", "m12b_uint8nchw.onnx"})
  void imagesSuitTheNetworksLayoutAndType(String name) throws IOException {
    String model = Cases.file(name);
    String data = Cases.file("data/img");
    JsonNode dense = json(evaluated(model, data, "--split", "train", "--json"));
    boolean isLast = name.contains("nhwc");
    assertThat(dense.get("preprocessing").asText())
        .isEqualTo(
            isLast
                ? "mean 0.485,0.456,0.406, deviation 0.229,0.224,0.225, border 0, flip, nhwc"
                : "pixels from 0 to 255, border 0, flip");
    Path out = folder.resolve("run");
    Ran pruned =
        Ran.of(
            "prune",
            model,
            "--data",
            data,
            "--macs",
            "50%",
            "--method",
            "falcon",
            "--out",
            out.toString(),
            "-q");
    assertThat(pruned.code()).as(pruned.err()).isZero();
    JsonNode again =
        json(evaluated(out.resolve("model.onnx").toString(), data, "--split", "train", "--json"));
    assertThat(again.get("preprocessing")).isEqualTo(dense.get("preprocessing"));
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT32", "FLOAT16", "FLOAT64", "UINT8", "INT8", "INT32"})
  void coloursAreToldApartInEveryTypeAndOrder(DataType type) throws IOException {
    Path data = colours("png");
    for (boolean isLast : new boolean[] {false, true}) {
      String model = written(colourNetwork(type, isLast, fixed(isLast)));
      assertRight(evaluated(model, data.toString(), "--split", "train"), 9);
    }
  }

  @Test
  void openAxesOfColoursAreGivenChannelsLast() throws IOException {
    String model =
        written(colourNetwork(DataType.UINT8, true, open(), open(), new Dimension.Fixed(3)));
    String data = colours("bmp").toString();
    assertRight(evaluated(model, data, "--split", "train", "--input-shape", "8,8,3"), 9);
    Ran open = Ran.of("evaluate", model, "--data", data, "--split", "train");
    assertThat(open.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(open.err()).contains("--input-shape 3,224,224 or 224,224,3");
  }

  @Test
  void layoutThatContradictsTheShapeIsRefused() throws IOException {
    String data = colours("png").toString();
    for (boolean isLast : new boolean[] {false, true}) {
      String model = written(colourNetwork(DataType.FLOAT32, isLast, fixed(isLast)));
      Ran wrong =
          Ran.of(
              "evaluate",
              model,
              "--data",
              data,
              "--split",
              "train",
              "--layout",
              isLast ? "nchw" : "nhwc");
      assertThat(wrong.code()).isEqualTo(ExitCode.WRONG_USAGE);
      assertThat(wrong.err())
          .contains("--layout %s contradicts the network".formatted(isLast ? "nchw" : "nhwc"))
          .contains(isLast ? "[height, width, channels]" : "[channels, height, width]");
      assertRight(
          evaluated(model, data, "--split", "train", "--layout", isLast ? "NHWC" : "nchw"), 9);
    }
  }

  @Test
  void layoutIsAskedForWhereNothingTellsIt() throws IOException {
    String data = cifar10().toString();
    String model = written(flatNetwork(3 * 32 * 32, 0, 1024, 2048));
    Ran unknown = Ran.of("evaluate", model, "--data", data);
    assertThat(unknown.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(unknown.err()).contains("does not tell").contains("--layout nchw or nhwc");
    assertRight(evaluated(model, data, "--layout", "nchw"), 30);
    String last = written(flatNetwork(3 * 32 * 32, 0, 1, 2));
    assertRight(evaluated(last, data, "--layout", "nhwc"), 30);
  }

  @Test
  void cifarIsGivenChannelsLast() throws IOException {
    String data = cifar10().toString();
    for (boolean isLast : new boolean[] {false, true}) {
      for (DataType type : new DataType[] {DataType.FLOAT32, DataType.UINT8}) {
        String open = written(colourNetwork(type, isLast, open(), open(), open()));
        assertRight(evaluated(open, data), 30);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"'28,28,1'", "'1,28,28'", "'28,28'", "'784'", "'?,?,?'"})
  void digitsAreGivenInAnyShape(String shape) throws IOException {
    var dimensions = new ArrayList<Dimension>();
    for (String size : shape.split(",", -1)) {
      dimensions.add(size.equals("?") ? open() : new Dimension.Fixed(Long.parseLong(size)));
    }
    String model =
        written(
            flatNetwork(DataType.UINT8, dimensions.toArray(Dimension[]::new), 784, 0, 300, 783));
    assertRight(evaluated(model, idx().toString()), 30);
  }

  @Test
  void meanAndDeviationAreRefusedWhereWholeNumbersAreTaken() throws IOException {
    String model = written(colourNetwork(DataType.UINT8, false, fixed(false)));
    Ran wrong =
        Ran.of(
            "evaluate",
            model,
            "--data",
            colours("png").toString(),
            "--split",
            "train",
            "--mean",
            "0.5",
            "--deviation",
            "0.5");
    assertThat(wrong.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(wrong.err()).contains("UINT8").contains("Leave out --mean and --deviation");
  }

  @Test
  void arraysHaveNoLayout() {
    Ran wrong =
        Ran.of(
            "evaluate",
            Cases.file("mlp.onnx"),
            "--data",
            Cases.file("data/ok.npz"),
            "--layout",
            "nchw");
    assertThat(wrong.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(wrong.err()).contains("--layout are for images");
  }

  @ParameterizedTest
  @CsvSource({"colour_ok, 36", "colour_hidden, 36", "colour_webp, 36", "colour_subset, 24"})
  void coloursAreRight(String name, int count) {
    Ran ran = evaluated(Cases.file("colour.onnx"), Cases.file("data/" + name), "--split", "train");
    assertRight(ran, count);
    assertThat(ran.err().contains("ignored in the folders of images"))
        .isEqualTo(name.equals("colour_hidden"));
    assertThat(ran.err()).contains("'2blue' is the network's class 2 of 5, counted from 0");
  }

  @Test
  void coloursThatMayBeAnyOfMoreAreRefused() throws IOException {
    Path data = colours("png");
    Files.move(data.resolve("train/0red"), folder.resolve("red"));
    Files.move(data.resolve("train/1green"), data.resolve("train/green"));
    Files.move(data.resolve("train/2blue"), data.resolve("train/blue"));
    String model = Cases.file("colour.onnx");
    for (String command : new String[] {"evaluate", "prune"}) {
      var args = new ArrayList<>(List.of(command, model, "--data", data.toString()));
      args.addAll(
          command.equals("prune")
              ? List.of("--nnz", "90%", "--out", folder.resolve("out").toString())
              : List.of("--split", "train"));
      Ran ran = Ran.of(args.toArray(String[]::new));
      assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(ran.err())
          .contains("the network tells 5 classes apart")
          .contains("there are 2 folders of images (blue, green)")
          .contains("classes.txt");
    }
    Files.writeString(data.resolve("classes.txt"), "red\ngreen\nblue\n");
    assertRight(evaluated(model, data.toString(), "--split", "train"), 6);
  }

  @Test
  void labelsHaveAnyOfTheUsualNames() {
    Ran ran =
        evaluated(Cases.file("mlp.onnx"), Cases.file("data/labelname.npz"), "--split", "train");
    assertThat(ran.out()).contains("of 300 samples right");
  }

  @Test
  void pointerIsNamedWhereANetworkShouldBe() {
    for (String command : new String[] {"inspect", "prune", "evaluate"}) {
      Ran ran = Ran.of(command, Cases.file("f_lfs.onnx"), "--macs", "50%", "--out", "x");
      if (command.equals("inspect")) {
        ran = Ran.of(command, Cases.file("f_lfs.onnx"));
      } else if (command.equals("evaluate")) {
        ran = Ran.of(command, Cases.file("f_lfs.onnx"), "--data", Cases.file("data/ok.npz"));
      }
      assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(ran.err()).contains("is a Git LFS pointer").contains("git lfs pull");
    }
  }

  @Test
  void eachSplitIsAskedForItsOwnLabels() throws IOException {
    Path train = colours("png").resolve("train");
    Path data = folder.resolve("unlabelled");
    Files.createDirectories(data.resolve("train"));
    for (String colour : COLOURS) {
      for (int i = 0; i < 20; i++) {
        Files.copy(
            train.resolve(colour).resolve(i % 3 + ".png"),
            data.resolve("train/" + colour + i + ".png"));
      }
    }
    Files.move(train, data.resolve("test"));
    String model = Cases.file("colour.onnx");
    assertRight(evaluated(model, data.toString()), 9);
    Ran unlabelled = Ran.of("evaluate", model, "--data", data.toString(), "--split", "train");
    assertThat(unlabelled.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(unlabelled.err()).contains("Accuracy needs labels");
    Path out = folder.resolve("run");
    Ran pruned =
        Ran.of(
            "prune",
            model,
            "--data",
            data.toString(),
            "--nnz",
            "90%",
            "--method",
            "magnitude",
            "--out",
            out.toString());
    assertThat(pruned.code()).as(pruned.err()).isZero();
    JsonNode result = json(Files.readString(out.resolve("result.json")));
    assertThat(result.get("measure").asText()).isEqualTo("agreement");
    assertThat(result.get("agreement").get("validation").get("dense").asDouble()).isEqualTo(100);
    assertThat(result.get("agreement").get("test").isNull()).isTrue();
    assertThat(result.get("accuracy").get("test").get("dense").asDouble()).isEqualTo(100);
    assertThat(pruned.out().lines().map(String::strip))
        .anyMatch(line -> line.matches("agreement +accuracy"));
  }

  private static Ran evaluated(String model, String data, String... options) {
    var args = new ArrayList<>(List.of("evaluate", model, "--data", data));
    args.addAll(List.of(options));
    Ran ran = Ran.of(args.toArray(String[]::new));
    assertThat(ran.code()).as(ran.err()).isZero();
    return ran;
  }

  private static void assertRight(Ran ran, int count) {
    assertThat(ran.out()).contains(": 100.00 %% of %d images right".formatted(count));
  }

  private static JsonNode json(Ran ran) throws IOException {
    return json(ran.out());
  }

  private static JsonNode json(String text) throws IOException {
    return new ObjectMapper().readTree(text);
  }

  private static Dimension open() {
    return new Dimension.Symbolic("");
  }

  private static Dimension[] fixed(boolean isLast) {
    var channels = new Dimension.Fixed(3);
    var side = new Dimension.Fixed(SIDE);
    return isLast ? new Dimension[] {side, side, channels} : new Dimension[] {channels, side, side};
  }

  /// Tells which channel is brightest on average.
  private static Network colourNetwork(DataType type, boolean isLast, Dimension... axes) {
    Network.Builder network = network(type, axes);
    network.node(cast("x"));
    String image = "f";
    if (isLast) {
      network.node(
          new Node(
              "t",
              "Transpose",
              "",
              List.of("f"),
              List.of("t"),
              Map.of("perm", new Attribute.IntegerList(List.of(0L, 3L, 1L, 2L)))));
      image = "t";
    }
    return network
        .node(Graphs.node("GlobalAveragePool", "g", image))
        .node(Graphs.node("Flatten", "v", "g"))
        .initializer("w", picking(3, 0, 1, 2))
        .node(Graphs.node("MatMul", "o", "v", "w"))
        .output(Graphs.output("o"))
        .build();
  }

  /// Weights by which the first outputs are chosen inputs, and the others 0.
  private static Tensor picking(int size, int... places) {
    var weights = new float[size * CLASSES];
    for (int c = 0; c < places.length; c++) {
      weights[places[c] * CLASSES + c] = 1;
    }
    return Tensor.ofFloats(List.of((long) size, (long) CLASSES), weights);
  }

  private static Network flatNetwork(int size, int... places) {
    return flatNetwork(DataType.FLOAT32, new Dimension[] {new Dimension.Fixed(size)}, size, places);
  }

  /// Tells which of some pixels is brightest.
  private static Network flatNetwork(DataType type, Dimension[] axes, int size, int... places) {
    return network(type, axes)
        .node(cast("x"))
        .node(Graphs.node("Flatten", "v", "f"))
        .initializer("w", picking(size, places))
        .node(Graphs.node("MatMul", "o", "v", "w"))
        .output(Graphs.output("o"))
        .build();
  }

  private static Network.Builder network(DataType type, Dimension... axes) {
    var dimensions = new ArrayList<Dimension>();
    dimensions.add(open());
    dimensions.addAll(List.of(axes));
    return Network.builder("net").opset("", 17).input(new ValueInfo("x", type, dimensions));
  }

  private static Node cast(String input) {
    return new Node(
        "f",
        "Cast",
        "",
        List.of(input),
        List.of("f"),
        Map.of("to", new Attribute.IntegerValue(DataType.FLOAT32.onnxCode())));
  }

  private String written(Network network) throws IOException {
    Path file = Files.createTempFile(folder, "net", ".onnx");
    Networks.write(network, file);
    return file.toString();
  }

  /// Three images of each colour, one folder a colour.
  private Path colours(String format) throws IOException {
    Path data = folder.resolve("colours");
    for (int c = 0; c < 3; c++) {
      Path directory = Files.createDirectories(data.resolve("train").resolve(COLOURS.get(c)));
      for (int i = 0; i < 3; i++) {
        var image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_3BYTE_BGR);
        for (int p = 0; p < SIDE * SIDE; p++) {
          image.setRGB(p % SIDE, p / SIDE, (200 - i) << (16 - 8 * c));
        }
        ImageIO.write(image, format, directory.resolve(i + "." + format).toFile());
      }
    }
    return data;
  }

  /// Images of even colour as a test split.
  private Path cifar10() throws IOException {
    Path data = Files.createDirectories(folder.resolve("cifar10"));
    var content = ByteBuffer.allocate(30 * 3073);
    for (int i = 0; i < 30; i++) {
      var pixels = new byte[3072];
      Arrays.fill(pixels, 1024 * (i % 3), 1024 * (i % 3 + 1), (byte) 200);
      content.put((byte) (i % 3)).put(pixels);
    }
    Files.write(data.resolve("test_batch.bin"), content.array());
    return data;
  }

  /// Images of 28 by 28 with one bright pixel, as a test split.
  private Path idx() throws IOException {
    int[] places = {0, 300, 783};
    Path data = Files.createDirectories(folder.resolve("idx"));
    var images = ByteBuffer.allocate(16 + 30 * 784).order(ByteOrder.BIG_ENDIAN);
    images.putInt(0x803).putInt(30).putInt(28).putInt(28);
    var labels = ByteBuffer.allocate(8 + 30).putInt(0x801).putInt(30);
    for (int i = 0; i < 30; i++) {
      var pixels = new byte[784];
      pixels[places[i % 3]] = (byte) 250;
      images.put(pixels);
      labels.put((byte) (i % 3));
    }
    Files.write(data.resolve("t10k-images-idx3-ubyte"), images.array());
    Files.write(data.resolve("t10k-labels-idx1-ubyte"), labels.array());
    return data;
  }
}
