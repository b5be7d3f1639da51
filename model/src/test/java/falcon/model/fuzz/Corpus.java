package falcon.model.fuzz;

import com.google.protobuf.ByteString;
import falcon.model.DataType;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.AttributeProto.AttributeType;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.onnx.proto.StringStringEntryProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.TensorShapeProto;
import falcon.model.onnx.proto.TypeProto;
import falcon.model.onnx.proto.ValueInfoProto;
import falcon.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Intact files from which damaged ones are made, small and of every kind that a reader
/// distinguishes.
final class Corpus {
  /// The name, and the bytes, of the file of external data that [#onnx] refers to.
  static final String WEIGHTS = "weights.bin";

  private static final List<String> CHECKPOINTS =
      List.of(
          "zip-torch2.13.pt",
          "zip-protocol4-torch2.13.pt",
          "zip-protocol5-torch2.13.pt",
          "views-torch2.13.pt",
          "types-torch2.13.pt",
          "nested-torch2.13.pt",
          "legacy-torch2.13.pt",
          "nested-legacy-torch2.13.pt",
          "module-torch2.13.pt",
          "compressed-torch2.13.pt");

  private Corpus() {}

  /// Returns ONNX models: tensors in every place and form, control flow, functions, texts.
  static List<byte[]> onnx() {
    GraphProto.Builder graph =
        GraphProto.newBuilder().setName("g").setDocString("a graph").addOutput(value("y"));
    graph.addInput(value("x"));
    graph.addValueInfo(value("h"));
    graph.addInitializer(raw("w", 1, 3, 2).setRawData(ByteString.copyFrom(new byte[24])));
    graph.addInitializer(raw("half", 10, 2).addInt32Data(0x3c00).addInt32Data(1));
    graph.addInitializer(raw("long", 7, 2).addInt64Data(-1).addInt64Data(2));
    graph.addInitializer(raw("text", 8, 1).addStringData(ByteString.copyFromUtf8("a")));
    graph.addInitializer(external("far", "0", "8", 2));
    graph.addInitializer(external("far8", "8", "4", 4).setDataType(17));
    graph.addSparseInitializer(sparse("few", raw("", 7, 2).addInt64Data(1).addInt64Data(5)));
    graph.addSparseInitializer(
        sparse(
            "byAxis",
            raw("", 7, 2, 2).addInt64Data(0).addInt64Data(1).addInt64Data(1).addInt64Data(2)));
    graph.addNode(node("MatMul", "h", "x", "w").addAttribute(integers("axes", 1, 2)));
    graph.addNode(node("Constant", "c").addAttribute(tensor("value", raw("", 1).addFloatData(1))));
    graph.addNode(
        node("Constant", "s")
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("sparse_value")
                    .setType(AttributeType.SPARSE_TENSOR)
                    .setSparseTensor(sparse("", raw("", 7, 2).addInt64Data(0).addInt64Data(1)))));
    GraphProto body =
        GraphProto.newBuilder()
            .addInitializer(external("inner", "12", "4", 1))
            .addNode(node("Add", "sum", "h", "inner"))
            .addOutput(value("sum"))
            .build();
    graph.addNode(
        node("If", "y", "x")
            .addAttribute(graph("then_branch", body))
            .addAttribute(graph("else_branch", body)));
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(13)
            .setProducerName("corpus")
            .setGraph(graph)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(22))
            .addMetadataProps(entry("key", "value"))
            .addFunctions(FunctionProto.newBuilder().setName("f"))
            .addTrainingInfo(ByteString.copyFromUtf8(""))
            .build();
    GraphProto plain =
        GraphProto.newBuilder()
            .addInput(value("x"))
            .addInitializer(raw("w", 1, 2, 2).setRawData(ByteString.copyFrom(new byte[16])))
            .addNode(node("MatMul", "h", "x", "w"))
            .addNode(node("Relu", "y", "h"))
            .addOutput(value("y"))
            .build();
    return List.of(
        model.toByteArray(),
        model.toBuilder().setGraph(plain).build().toByteArray(),
        model.toBuilder().setGraph(settledFlow()).build().toByteArray());
  }

  /// Returns control flow that is inlined into the graph: a loop of three iterations, a branch in
  /// its body.
  private static GraphProto settledFlow() {
    GraphProto branch =
        GraphProto.newBuilder()
            .addInitializer(raw("w", 1, 3, 3).setRawData(ByteString.copyFrom(new byte[36])))
            .addNode(node("MatMul", "m", "h", "w"))
            .addOutput(value("m"))
            .build();
    GraphProto body =
        GraphProto.newBuilder()
            .addInput(value("i"))
            .addInput(value("go"))
            .addInput(value("h"))
            .addNode(node("Shape", "shape", "h"))
            .addNode(node("Gather", "size", "shape", "one"))
            .addNode(node("Less", "isFirst", "i", "size"))
            .addNode(
                node("If", "k", "isFirst")
                    .addAttribute(graph("then_branch", branch))
                    .addAttribute(graph("else_branch", branch)))
            .addOutput(value("go"))
            .addOutput(value("k"))
            .addOutput(value("i"))
            .build();
    return GraphProto.newBuilder()
        .addInput(value("x"))
        .addInitializer(raw("trips", 7).addInt64Data(3))
        .addInitializer(raw("one", 7).addInt64Data(1))
        .addNode(
            node("Loop", "y", "trips", "", "x").addOutput("all").addAttribute(graph("body", body)))
        .addOutput(value("y"))
        .build();
  }

  /// Returns PyTorch checkpoints of both formats.
  static List<byte[]> checkpoints() throws IOException {
    var files = new ArrayList<byte[]>();
    for (String name : CHECKPOINTS) {
      files.add(resource("/falcon/model/pytorch/" + name));
    }
    return files;
  }

  /// Returns the entries of checkpoints that are archives.
  ///
  /// @param folder to write them to
  static List<SequencedMap<String, byte[]>> archives(Path folder) throws IOException {
    var archives = new ArrayList<SequencedMap<String, byte[]>>();
    for (byte[] file : checkpoints()) {
      if (file[0] != 'P') {
        continue;
      }
      var entries = new LinkedHashMap<String, byte[]>();
      try (var zip = new ZipFile(Files.write(folder.resolve("whole.pt"), file).toFile())) {
        for (ZipEntry entry : Collections.list(zip.entries())) {
          entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
        }
      }
      archives.add(entries);
    }
    return archives;
  }

  /// Returns safetensors files.
  ///
  /// @param folder to make one in
  static List<byte[]> safetensors(Path folder) throws IOException {
    var tensors = new LinkedHashMap<String, Tensor>();
    tensors.put("a", Tensor.ofFloats(List.of(2L, 3L), 1, 2, 3, 4, 5, 6));
    tensors.put("b", Tensor.ofFloats(DataType.FLOAT16, List.of(2L), 1, 2));
    tensors.put("c", Tensor.ofLongs(List.of(), 7));
    tensors.put("empty", Tensor.ofFloats(List.of(0L, 4L)));
    Path path = folder.resolve("whole.safetensors");
    SafetensorsFile.write(new StateDict(tensors, Map.of("falcon.key", "value")), path);
    return List.of(
        Files.readAllBytes(path),
        resource("/falcon/model/safetensors/mixed-safetensors0.8.safetensors"));
  }

  private static byte[] resource(String name) throws IOException {
    try (var in = Corpus.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }

  static NodeProto.Builder node(String opType, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(opType)
        .addOutput(output)
        .addAllInput(List.of(inputs))
        .setName(output);
  }

  static ValueInfoProto value(String name) {
    TensorShapeProto shape =
        TensorShapeProto.newBuilder()
            .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("n"))
            .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(3))
            .build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape)))
        .build();
  }

  static TensorProto.Builder raw(String name, int type, long... shape) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(type);
    for (long size : shape) {
      tensor.addDims(size);
    }
    return tensor;
  }

  private static TensorProto.Builder external(
      String name, String offset, String length, long elements) {
    return raw(name, 1, elements)
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", WEIGHTS))
        .addExternalData(entry("offset", offset))
        .addExternalData(entry("length", length));
  }

  private static SparseTensorProto sparse(String name, TensorProto.Builder indices) {
    return SparseTensorProto.newBuilder()
        .setValues(raw(name, 1, 2).addFloatData(1).addFloatData(2))
        .setIndices(indices)
        .addDims(2)
        .addDims(3)
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static AttributeProto integers(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  private static AttributeProto tensor(String name, TensorProto.Builder tensor) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.TENSOR)
        .setT(tensor)
        .build();
  }

  static AttributeProto graph(String name, GraphProto graph) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.GRAPH)
        .setG(graph)
        .build();
  }
}
