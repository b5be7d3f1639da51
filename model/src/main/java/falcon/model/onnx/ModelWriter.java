package falcon.model.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.onnx.proto.StringStringEntryProto;
import falcon.model.onnx.proto.TensorProto;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Converts a [Network] to a file's message; tensors are shared with the network, not copied.
final class ModelWriter {
  private final Network network;
  private final OnnxOrigin origin;
  private final ExternalLayout external;
  private final FunctionKeys functions;

  private ModelWriter(Network network, OnnxOrigin origin, ExternalLayout external) {
    this.network = network;
    this.origin = origin;
    this.external = external;
    functions = new FunctionKeys(origin.skeleton());
  }

  /// Returns the message to write and its files of external data.
  ///
  /// @param fileName name of the model's file
  /// @param mostBytes greatest number of bytes of tensors in the model's own file; beyond it they
  ///     go into a separate file
  static ModelFiles files(Network network, String fileName, boolean isSparse, long mostBytes) {
    ModelProto model;
    var files = new LinkedHashMap<String, DataFile>();
    if (network.origin() instanceof OnnxOrigin origin) {
      var external = new ExternalLayout(origin, isSparse);
      model = new ModelWriter(network, origin, external).patched();
      model = external.withoutOldChecksums(model);
      files.putAll(external.filesOf(model));
    } else {
      model = FreshModel.of(network);
    }
    if (isSparse) {
      model = SparseModel.of(model, network);
    }
    return new ModelFiles(model, files).within(mostBytes, fileName);
  }

  /// Returns the message of a network whose tensors are all in the model's own file.
  static ModelProto model(Network network) {
    return files(network, "", false, Long.MAX_VALUE).model();
  }

  /// Returns the elements of a tensor, not copied.
  static ByteString elements(Tensor tensor) {
    return UnsafeByteOperations.unsafeWrap(tensor.bytes());
  }

  static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private ModelProto patched() {
    ModelProto.Builder model = origin.skeleton().toBuilder();
    GraphProto.Builder graph = model.getGraphBuilder();
    patch(graph, "");
    for (int i = 0; i < model.getFunctionsCount(); i++) {
      FunctionProto patched = patched(model.getFunctions(i), i);
      if (patched != null) {
        model.setFunctions(i, patched);
      }
    }
    var present = new LinkedHashMap<String, String>();
    model
        .getMetadataPropsList()
        .forEach(property -> present.put(property.getKey(), property.getValue()));
    if (!isSame(present, network.metadata())) {
      model.clearMetadataProps();
      network.metadata().forEach((key, value) -> model.addMetadataProps(entry(key, value)));
    }
    return model.build();
  }

  /// Replaces the elements of a graph's tensors by the network's.
  ///
  /// @param path path of the body if the graph is one, empty for the main graph
  /// @return whether anything was changed
  private boolean patch(GraphProto.Builder graph, String path) {
    boolean isChanged = false;
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto proto = graph.getInitializer(i);
      TensorProto patched = patched(path + proto.getName(), proto);
      if (patched != null) {
        graph.setInitializer(i, patched);
        isChanged = true;
      }
    }
    for (int i = 0; i < graph.getSparseInitializerCount(); i++) {
      SparseTensorProto proto = graph.getSparseInitializer(i);
      Tensor changed = changed(path + proto.getValues().getName());
      if (changed != null) {
        graph.setSparseInitializer(i, patched(proto, changed));
        isChanged = true;
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto patched = patched(graph.getNode(i), path, i);
      if (patched != null) {
        graph.setNode(i, patched);
        isChanged = true;
      }
    }
    return isChanged;
  }

  /// Returns a function with the network's elements in its constants.
  ///
  /// @param index its number among the functions of the file
  /// @return null if the file's elements are right already
  private @Nullable FunctionProto patched(FunctionProto function, int index) {
    String path = FunctionKeys.path(function, index);
    FunctionProto.Builder changed = function.toBuilder();
    boolean isChanged = false;
    for (int i = 0; i < function.getAttributeProtoCount(); i++) {
      AttributeProto attribute = function.getAttributeProto(i);
      String name = FunctionKeys.tensor(path, attribute.getName());
      TensorProto patched = attribute.hasT() ? patched(name, attribute.getT()) : null;
      if (patched != null) {
        changed.setAttributeProto(i, attribute.toBuilder().setT(patched));
        isChanged = true;
      }
    }
    for (int i = 0; i < function.getNodeCount(); i++) {
      NodeProto patched = patched(function.getNode(i), path, i);
      if (patched != null) {
        changed.setNode(i, patched);
        isChanged = true;
      }
    }
    return isChanged ? changed.build() : null;
  }

  private @Nullable NodeProto patched(NodeProto node, String path, int index) {
    return node.getOpType().equals("Constant")
        ? patchedConstant(node, path)
        : patchedAttributes(node, new NodePlace(path, node.getOpType(), index));
  }

  /// Returns a node with the network's elements in its bodies, or in the attributes of its call.
  ///
  /// @return null if the file's elements are right already
  private @Nullable NodeProto patchedAttributes(NodeProto node, NodePlace place) {
    NodeProto.Builder changed = null;
    boolean isCall = functions.isCalledBy(node);
    for (int i = 0; i < node.getAttributeCount(); i++) {
      AttributeProto attribute = node.getAttribute(i);
      String given = isCall && attribute.hasT() ? place.tensor(attribute.getName()) : null;
      TensorProto patched = given == null ? null : patched(given, attribute.getT());
      if (patched != null) {
        changed = changed == null ? node.toBuilder() : changed;
        changed.setAttribute(i, attribute.toBuilder().setT(patched));
      }
      String path = attribute.hasG() ? place.body(attribute.getName()) : null;
      if (path != null) {
        GraphProto.Builder body = attribute.getG().toBuilder();
        if (patch(body, path)) {
          changed = changed == null ? node.toBuilder() : changed;
          changed.setAttribute(i, attribute.toBuilder().setG(body));
        }
      }
    }
    return changed == null ? null : changed.build();
  }

  private static boolean isSame(Map<String, String> one, Map<String, String> other) {
    return one.equals(other)
        && one.keySet().stream().toList().equals(other.keySet().stream().toList());
  }

  /// Returns the network's tensor of that name.
  ///
  /// @return null if it is unchanged since it was read
  private @Nullable Tensor changed(String name) {
    Tensor tensor = network.initializers().get(name);
    return Objects.equals(tensor, origin.asRead().get(name)) ? null : tensor;
  }

  /// Returns a tensor's message with the network's elements.
  ///
  /// @return null if the file's message is right already
  private @Nullable TensorProto patched(String name, TensorProto proto) {
    Tensor tensor = network.initializers().get(name);
    if (tensor == null) {
      return null;
    }
    if (origin.detached().contains(name)) {
      return proto.toBuilder().setRawData(elements(tensor)).build();
    }
    Tensor changed = changed(name);
    if (origin.external().contains(name)) {
      return external.takes(proto, changed) ? null : inline(proto, tensor);
    }
    return changed == null ? null : inline(proto, tensor);
  }

  private static TensorProto inline(TensorProto proto, Tensor tensor) {
    return proto.toBuilder()
        .clearFloatData()
        .clearInt32Data()
        .clearInt64Data()
        .clearDoubleData()
        .clearUint64Data()
        .clearExternalData()
        .clearDataLocation()
        .setRawData(elements(tensor))
        .build();
  }

  private static SparseTensorProto patched(SparseTensorProto proto, Tensor tensor) {
    return SparseForm.of(proto.getValues().getName(), tensor).toBuilder()
        .mergeUnknownFields(proto.getUnknownFields())
        .build();
  }

  /// Returns a `Constant` node with the network's value.
  ///
  /// @return null if it is another operator, or the file's value is right already
  private @Nullable NodeProto patchedConstant(NodeProto node, String path) {
    if (node.getOutputCount() != 1) {
      return null;
    }
    String name = path + node.getOutput(0);
    for (int i = 0; i < node.getAttributeCount(); i++) {
      AttributeProto attribute = node.getAttribute(i);
      if (attribute.hasT()) {
        TensorProto patched = patched(name, attribute.getT());
        return patched == null
            ? null
            : node.toBuilder().setAttribute(i, attribute.toBuilder().setT(patched)).build();
      }
    }
    Tensor changed = changed(name);
    if (changed == null) {
      return null;
    }
    List<AttributeProto> attributes = node.getAttributeList();
    if (attributes.size() == 1 && attributes.getFirst().hasSparseTensor()) {
      AttributeProto sparse = attributes.getFirst();
      return node.toBuilder()
          .setAttribute(
              0, sparse.toBuilder().setSparseTensor(patched(sparse.getSparseTensor(), changed)))
          .build();
    }
    return node.toBuilder().clearAttribute().addAttribute(FreshModel.value(changed)).build();
  }
}
