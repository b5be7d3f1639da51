package falcon.model.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.StringStringEntryProto;
import falcon.model.onnx.proto.TensorProto;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Makes a file's message of a [Network]; tensors are shared with it, not copied.
final class ModelWriter {
  private ModelWriter() {}

  /// The message to write.
  static ModelProto model(Network network) {
    if (network.origin() instanceof OnnxOrigin origin) {
      return patched(network, origin);
    }
    return FreshModel.of(network);
  }

  /// Bytes that the tensors take.
  static long sizeBytes(Network network) {
    return network.initializers().values().stream()
        .mapToLong(tensor -> (long) tensor.size() * tensor.type().bytes())
        .sum();
  }

  /// The elements of a tensor, not copied.
  static ByteString elements(Tensor tensor) {
    return UnsafeByteOperations.unsafeWrap(tensor.bytes());
  }

  static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static ModelProto patched(Network network, OnnxOrigin origin) {
    ModelProto.Builder model = origin.skeleton().toBuilder();
    GraphProto.Builder graph = model.getGraphBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto proto = graph.getInitializer(i);
      TensorProto patched = patched(proto.getName(), proto, network, origin);
      if (patched != null) {
        graph.setInitializer(i, patched);
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto patched = patched(graph.getNode(i), network, origin);
      if (patched != null) {
        graph.setNode(i, patched);
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

  private static boolean isSame(Map<String, String> one, Map<String, String> other) {
    return one.equals(other)
        && one.keySet().stream().toList().equals(other.keySet().stream().toList());
  }

  /// A tensor with the network's elements.
  ///
  /// @return null if the file's own is right already
  private static @Nullable TensorProto patched(
      String name, TensorProto proto, Network network, OnnxOrigin origin) {
    Tensor tensor = network.initializers().get(name);
    if (tensor == null) {
      return null;
    }
    if (origin.detached().contains(name)) {
      return proto.toBuilder().setRawData(elements(tensor)).build();
    }
    if (!origin.external().contains(name) && Objects.equals(tensor, origin.asRead().get(name))) {
      return null;
    }
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

  /// A `Constant` node with the network's value.
  ///
  /// @return null if it is none, or the file's own is right already
  private static @Nullable NodeProto patched(NodeProto node, Network network, OnnxOrigin origin) {
    if (!node.getOpType().equals("Constant") || node.getOutputCount() != 1) {
      return null;
    }
    String name = node.getOutput(0);
    for (int i = 0; i < node.getAttributeCount(); i++) {
      AttributeProto attribute = node.getAttribute(i);
      if (attribute.hasT()) {
        TensorProto patched = patched(name, attribute.getT(), network, origin);
        return patched == null
            ? null
            : node.toBuilder().setAttribute(i, attribute.toBuilder().setT(patched)).build();
      }
    }
    Tensor tensor = network.initializers().get(name);
    return tensor == null || Objects.equals(tensor, origin.asRead().get(name))
        ? null
        : node.toBuilder().clearAttribute().addAttribute(FreshModel.value(tensor)).build();
  }
}
