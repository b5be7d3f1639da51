package falcon.model.onnx;

import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.onnx.proto.TensorProto;
import java.util.ArrayList;
import java.util.List;

/// Every tensor message of a graph, those in attributes and bodies of control flow included.
final class AllTensors {
  private final List<TensorProto> tensors = new ArrayList<>();

  private AllTensors() {}

  /// Collects the messages; the depth of a parsed message is bounded, and so is the recursion.
  static List<TensorProto> of(GraphProto graph) {
    var all = new AllTensors();
    all.add(graph);
    return all.tensors;
  }

  private void add(GraphProto graph) {
    tensors.addAll(graph.getInitializerList());
    graph.getSparseInitializerList().forEach(this::add);
    graph.getNodeList().forEach(node -> node.getAttributeList().forEach(this::add));
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
