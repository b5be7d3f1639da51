package falcon.model.onnx;

import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.expansion.Expansion;
import falcon.model.expansion.LocalFunction;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a file says about the functions that it defines and about the values of its main graph.
final class ExpansionSource implements Expansion.Source {
  private final ModelProto model;
  private final FunctionKeys keys;
  private final AttributeReader attributes;
  private final BodyTensors bodies;
  private final Map<Integer, LocalFunction> functions = new HashMap<>();
  private final Map<String, List<Long>> constants = new HashMap<>();
  private final Map<String, Integer> ranks = new HashMap<>();

  ExpansionSource(
      ModelProto model, FunctionKeys keys, AttributeReader attributes, BodyTensors bodies) {
    this.model = model;
    this.keys = keys;
    this.attributes = attributes;
    this.bodies = bodies;
    GraphProto graph = model.getGraph();
    for (List<ValueInfoProto> values :
        List.of(graph.getInputList(), graph.getValueInfoList(), graph.getOutputList())) {
      values.forEach(this::addRank);
    }
    graph.getInitializerList().forEach(tensor -> constants.put(tensor.getName(), shape(tensor)));
    for (NodeProto node : graph.getNodeList()) {
      if (node.getOpType().equals("Constant") && node.getOutputCount() == 1) {
        node.getAttributeList().stream()
            .filter(AttributeProto::hasT)
            .forEach(value -> constants.put(node.getOutput(0), shape(value.getT())));
      }
      node.getAttributeList().forEach(this::forgetLocal);
    }
  }

  /// Returns the names of the inputs and constants of the main graph.
  List<String> names() {
    var names = new ArrayList<String>();
    GraphProto graph = model.getGraph();
    graph.getInputList().forEach(input -> names.add(input.getName()));
    graph.getInitializerList().forEach(tensor -> names.add(tensor.getName()));
    graph.getSparseInitializerList().forEach(tensor -> names.add(tensor.getValues().getName()));
    return names;
  }

  private static List<Long> shape(TensorProto tensor) {
    return List.copyOf(tensor.getDimsList());
  }

  private void addRank(ValueInfoProto value) {
    if (value.getType().getTensorType().hasShape()) {
      ranks.put(value.getName(), value.getType().getTensorType().getShape().getDimCount());
    }
  }

  /// Forgets values that a body has under the same name.
  private void forgetLocal(AttributeProto attribute) {
    if (attribute.hasG()) {
      forgetLocal(attribute.getG());
    }
    attribute.getGraphsList().forEach(this::forgetLocal);
  }

  private void forgetLocal(GraphProto body) {
    body.getInputList().forEach(input -> forget(input.getName()));
    body.getInitializerList().forEach(tensor -> forget(tensor.getName()));
    for (NodeProto node : body.getNodeList()) {
      node.getOutputList().forEach(this::forget);
      node.getAttributeList().forEach(this::forgetLocal);
    }
  }

  private void forget(String name) {
    constants.remove(name);
    ranks.remove(name);
  }

  @Override
  public boolean hasFunctions() {
    return model.getFunctionsCount() > 0;
  }

  @Override
  public @Nullable LocalFunction function(Node node) {
    int index = keys.index(LocalFunction.key(node.domain(), node.opType()));
    if (index < 0) {
      return null;
    }
    LocalFunction known = functions.get(index);
    if (known == null) {
      FunctionProto proto = model.getFunctions(index);
      known = attributes.function(proto, FunctionKeys.path(proto, index));
      functions.put(index, known);
    }
    return known;
  }

  /// Returns the version of ONNX's own operator set; where only functions name one, theirs.
  @Override
  public long opset() {
    long opset = opset(model.getOpsetImportList());
    for (FunctionProto function : model.getFunctionsList()) {
      if (opset > 0) {
        break;
      }
      opset = opset(function.getOpsetImportList());
    }
    return Math.max(1, opset);
  }

  private static long opset(List<OperatorSetIdProto> sets) {
    return sets.stream()
        .filter(set -> set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx"))
        .mapToLong(OperatorSetIdProto::getVersion)
        .findFirst()
        .orElse(0);
  }

  @Override
  public @Nullable String nameOf(Tensor tensor) {
    return bodies.nameOf(tensor);
  }

  @Override
  public @Nullable List<Long> constantShape(String value) {
    return constants.get(value);
  }

  @Override
  public @Nullable Integer rank(String value) {
    List<Long> constant = constants.get(value);
    return constant == null ? ranks.get(value) : Integer.valueOf(constant.size());
  }
}
