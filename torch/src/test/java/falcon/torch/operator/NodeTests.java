package falcon.torch.operator;

import com.google.protobuf.InvalidProtocolBufferException;
import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.grid.Comparison;
import falcon.model.grid.Outcome;
import falcon.model.onnx.OnnxFile;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.torch.Forward;
import falcon.torch.Precision;
import falcon.torch.UnsupportedNetworkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// ONNX's own tests of its operators: a folder for each, with `model.onnx`, inputs and outputs.
final class NodeTests {
  /// Where Debian's package `libonnx-testdata` has them; another place by the system property.
  private static final String PLACE = "/usr/lib/python3/dist-packages/onnx/backend/test/data/node";

  static final String PROPERTY = "falcon.onnx.nodes";

  /// Largest difference, as a share of the expected number: what ONNX's own runner of the tests
  /// takes; some expected numbers are written with four digits.
  private static final double RELATIVE = 1e-3;

  /// As [#RELATIVE] where a number of 8 significant bits is among them.
  private static final double RELATIVE_BFLOAT16 = 1e-2;

  private static final double ABSOLUTE = 1e-5;

  /// One of the tests.
  record NodeTest(Path folder, Network network) {
    String name() {
      return folder.getFileName().toString();
    }

    /// Operator that the test is about: its only node's, or for functions written out their name.
    String operator() {
      return network.nodes().size() == 1 ? network.nodes().getFirst().opType() : "(several nodes)";
    }

    /// An operator that is not known here.
    ///
    /// @return null if all are known
    @Nullable String unknownOperator() {
      for (Node node : network.nodes()) {
        if (!Operators.supports(node)) {
          return node.opType();
        }
      }
      return null;
    }
  }

  private NodeTests() {}

  static Path folder() {
    return Path.of(System.getProperty(PROPERTY, PLACE));
  }

  /// All tests in order of their names, but for those of operator sets before 7, which are not
  /// read.
  static List<NodeTest> all() throws IOException {
    var tests = new ArrayList<NodeTest>();
    try (Stream<Path> folders = Files.list(folder())) {
      for (Path each : folders.sorted().toList()) {
        if (Files.isRegularFile(each.resolve("model.onnx"))) {
          addReadable(each, tests);
        }
      }
    }
    return tests;
  }

  private static void addReadable(Path folder, List<NodeTest> tests) {
    try {
      tests.add(new NodeTest(folder, OnnxFile.read(folder.resolve("model.onnx"))));
    } catch (MalformedModelException e) {
      if (!String.valueOf(e.getMessage()).contains("7 and later are read")) {
        throw e;
      }
    }
  }

  /// @param scratch folder for a file
  static Outcome run(NodeTest test, Path scratch) throws IOException {
    for (ValueInfo value :
        Stream.concat(test.network().inputs().stream(), test.network().outputs().stream())
            .toList()) {
      if (value.type() == null) {
        return new Outcome(Outcome.Kind.REFUSED, "'%s' is no tensor of numbers".formatted(value));
      }
    }
    Path data = data(test);
    Map<String, Tensor> inputs = inputs(test, scratch);
    List<Tensor> expected = tensors(data, "output", test.network().outputs(), scratch);
    try {
      List<Tensor> own = Forward.run(test.network(), inputs, Precision.FLOAT32);
      double relative = relative(inputs.values(), expected);
      String difference = Comparison.difference(own, expected, relative, ABSOLUTE);
      return difference.isEmpty() ? Outcome.passed() : new Outcome(Outcome.Kind.FAILED, difference);
    } catch (UnsupportedNetworkException e) {
      return new Outcome(Outcome.Kind.REFUSED, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      return new Outcome(Outcome.Kind.FAILED, OperatorGrid.firstLine(e));
    }
  }

  /// The test's inputs by name.
  static Map<String, Tensor> inputs(NodeTest test, Path scratch) throws IOException {
    List<ValueInfo> values = test.network().inputs();
    List<Tensor> given = tensors(data(test), "input", values, scratch);
    var inputs = new LinkedHashMap<String, Tensor>();
    for (int i = 0; i < given.size(); i++) {
      inputs.put(values.get(i).name(), given.get(i));
    }
    return inputs;
  }

  private static Path data(NodeTest test) {
    return test.folder().resolve("test_data_set_0");
  }

  private static double relative(Collection<Tensor> given, List<Tensor> expected) {
    boolean isShort =
        Stream.concat(given.stream(), expected.stream())
            .anyMatch(tensor -> tensor.type() == DataType.BFLOAT16);
    return isShort ? RELATIVE_BFLOAT16 : RELATIVE;
  }

  private static List<Tensor> tensors(
      Path folder, String kind, List<ValueInfo> values, Path scratch) throws IOException {
    var graph = GraphProto.newBuilder();
    for (int i = 0; i < values.size(); i++) {
      byte[] bytes = Files.readAllBytes(folder.resolve("%s_%d.pb".formatted(kind, i)));
      graph.addInitializer(parsed(bytes).toBuilder().setName("t" + i));
    }
    var model =
        ModelProto.newBuilder()
            .setGraph(graph)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17));
    Path file = scratch.resolve("tensors.onnx");
    Files.write(file, model.build().toByteArray());
    Map<String, Tensor> read = OnnxFile.read(file).initializers();
    var tensors = new ArrayList<Tensor>();
    for (int i = 0; i < values.size(); i++) {
      tensors.add(typed(Objects.requireNonNull(read.get("t" + i)), values.get(i)));
    }
    return tensors;
  }

  /// The files of bfloat16 tests call their elements uint16.
  private static Tensor typed(Tensor tensor, ValueInfo value) {
    if (value.type() != DataType.BFLOAT16 || tensor.type() != DataType.UINT16) {
      return tensor;
    }
    var bytes = new byte[2 * tensor.size()];
    tensor.bytes().get(bytes);
    return Tensor.ofBytes(DataType.BFLOAT16, tensor.shape(), bytes);
  }

  private static TensorProto parsed(byte[] bytes) throws InvalidProtocolBufferException {
    return TensorProto.parseFrom(bytes);
  }
}
