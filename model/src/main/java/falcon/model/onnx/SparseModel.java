package falcon.model.onnx;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.ValueInfoProto;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Converts initializers to sparse form where that is smaller.
final class SparseModel {
  /// The IR version that introduced `sparse_initializer`.
  private static final long FIRST_IR_VERSION = 5;

  private SparseModel() {}

  /// Returns the message with sparse initializers; the same message if none becomes smaller.
  static ModelProto of(ModelProto model, Network network) {
    ModelProto.Builder builder = model.toBuilder();
    GraphProto.Builder graph = builder.getGraphBuilder();
    List<TensorProto> initializers = List.copyOf(graph.getInitializerList());
    graph.clearInitializer();
    var sparse = new HashSet<String>();
    for (TensorProto proto : initializers) {
      Tensor tensor = network.initializers().get(proto.getName());
      if (tensor != null && tensor.type().isFloatingPoint() && SparseForm.isSmaller(tensor)) {
        graph.addSparseInitializer(SparseForm.of(proto.getName(), tensor));
        sparse.add(proto.getName());
      } else {
        graph.addInitializer(proto);
      }
    }
    if (sparse.isEmpty()) {
      return model;
    }
    removeInputs(graph, sparse);
    return builder.setIrVersion(Math.max(model.getIrVersion(), FIRST_IR_VERSION)).build();
  }

  private static void removeInputs(GraphProto.Builder graph, Set<String> names) {
    List<ValueInfoProto> inputs = List.copyOf(graph.getInputList());
    if (inputs.stream().anyMatch(input -> names.contains(input.getName()))) {
      graph.clearInput();
      inputs.stream().filter(input -> !names.contains(input.getName())).forEach(graph::addInput);
    }
  }
}
