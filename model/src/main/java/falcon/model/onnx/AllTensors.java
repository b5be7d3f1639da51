package falcon.model.onnx;

import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.onnx.proto.TensorProto;
import java.util.ArrayList;
import java.util.List;

/// Every tensor message of a model: initializers and tensors in attributes, those of control flow's
/// bodies and of local functions included.
final class AllTensors {
  private final List<TensorProto> tensors = new ArrayList<>();

  private AllTensors() {}

  /// Collects the messages; the depth of a parsed message is bounded, and so is the recursion.
  static List<TensorProto> of(ModelProto model) {
    var all = new AllTensors();
    all.add(model.getGraph());
    for (FunctionProto function : model.getFunctionsList()) {
      function.getAttributeProtoList().forEach(all::add);
      function.getNodeList().forEach(all::add);
    }
    return all.tensors;
  }

  /// Collects the messages of a node.
  static List<TensorProto> of(NodeProto node) {
    var all = new AllTensors();
    all.add(node);
    return all.tensors;
  }

  private void add(GraphProto graph) {
    tensors.addAll(graph.getInitializerList());
    graph.getSparseInitializerList().forEach(this::add);
    graph.getNodeList().forEach(this::add);
  }

  private void add(NodeProto node) {
    node.getAttributeList().forEach(this::add);
  }

  private void add(SparseTensorProto sparse) {
    tensors.add(sparse.getValues());
    tensors.add(sparse.getIndices());
  }

  private void add(AttributeProto attribute) {
    if (attribute.hasT()) {
      tensors.add(attribute.getT());
    }
    if (attribute.hasG()) {
      add(attribute.getG());
    }
    if (attribute.hasSparseTensor()) {
      add(attribute.getSparseTensor());
    }
    tensors.addAll(attribute.getTensorsList());
    attribute.getGraphsList().forEach(this::add);
    attribute.getSparseTensorsList().forEach(this::add);
  }
}
