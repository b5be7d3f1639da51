package falcon.model.onnx;

import falcon.model.Tensor;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.TensorProto;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The files of external data that a network was read from, as they will be written: every byte
/// keeps its place, and only the elements of changed tensors differ.
final class ExternalLayout {
  private record Range(String location, long offset) {}

  private final boolean isInlined;
  private final SequencedMap<String, DataFile> files = new LinkedHashMap<>();
  private final Map<Range, Integer> tensorsByRange = new HashMap<>();

  /// @param isInlined whether tensors of the network move into the model's own file
  ExternalLayout(OnnxOrigin origin, boolean isInlined) {
    this.isInlined = isInlined;
    origin.files().forEach((key, content) -> files.put(key, new DataFile(content.bytes())));
    for (TensorProto tensor : AllTensors.of(origin.skeleton())) {
      if (ExternalPlace.isOf(tensor)) {
        tensorsByRange.merge(range(tensor), 1, Integer::sum);
      }
    }
  }

  /// Writes a tensor to its previous place.
  ///
  /// @param changed its new elements, null if they are unchanged
  /// @return false if it cannot stay there: another tensor has the same bytes
  boolean takes(TensorProto proto, @Nullable Tensor changed) {
    if (isInlined) {
      return false;
    }
    if (changed == null) {
      return true;
    }
    Range range = range(proto);
    DataFile file = files.get(range.location());
    if (file == null || tensorsByRange.getOrDefault(range, 0) > 1) {
      return false;
    }
    file.put(range.offset(), changed.bytes());
    return true;
  }

  /// Returns the files that a message still refers to.
  SequencedMap<String, DataFile> filesOf(ModelProto model) {
    var used = new LinkedHashMap<String, DataFile>();
    for (TensorProto tensor : AllTensors.of(model)) {
      if (ExternalPlace.isOf(tensor)) {
        String location = range(tensor).location();
        DataFile file = files.get(location);
        if (file != null) {
          used.put(location, file);
        }
      }
    }
    return used;
  }

  /// Returns the message without the checksums of changed files, wherever in the graph a tensor
  /// states one.
  ModelProto withoutOldChecksums(ModelProto model) {
    if (AllTensors.of(model).stream().noneMatch(this::hasOldChecksum)) {
      return model;
    }
    ModelProto.Builder builder = model.toBuilder();
    removeOldChecksums(builder.getGraphBuilder());
    for (FunctionProto.Builder function : builder.getFunctionsBuilderList()) {
      function.getAttributeProtoBuilderList().forEach(this::removeOldChecksums);
      function.getNodeBuilderList().forEach(this::removeOldChecksums);
    }
    return builder.build();
  }

  private void removeOldChecksums(GraphProto.Builder graph) {
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      if (hasOldChecksum(graph.getInitializer(i))) {
        graph.setInitializer(i, withoutChecksum(graph.getInitializer(i)));
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (AllTensors.of(graph.getNode(i)).stream().anyMatch(this::hasOldChecksum)) {
        removeOldChecksums(graph.getNodeBuilder(i));
      }
    }
  }

  private void removeOldChecksums(NodeProto.Builder node) {
    node.getAttributeBuilderList().forEach(this::removeOldChecksums);
  }

  private void removeOldChecksums(AttributeProto.Builder attribute) {
    if (attribute.hasT() && hasOldChecksum(attribute.getT())) {
      attribute.setT(withoutChecksum(attribute.getT()));
    }
    if (attribute.hasG()) {
      removeOldChecksums(attribute.getGBuilder());
    }
  }

  private static TensorProto withoutChecksum(TensorProto tensor) {
    TensorProto.Builder without = tensor.toBuilder().clearExternalData();
    tensor.getExternalDataList().stream()
        .filter(entry -> !entry.getKey().equals(ExternalPlace.CHECKSUM))
        .forEach(without::addExternalData);
    return without.build();
  }

  private boolean hasOldChecksum(TensorProto tensor) {
    if (!ExternalPlace.isOf(tensor)) {
      return false;
    }
    DataFile file = files.get(range(tensor).location());
    return file != null
        && file.isChanged()
        && tensor.getExternalDataList().stream()
            .anyMatch(entry -> entry.getKey().equals(ExternalPlace.CHECKSUM));
  }

  private static Range range(TensorProto tensor) {
    ExternalPlace place = ExternalPlace.of(tensor);
    return new Range(ExternalFiles.key(place.location()), place.offset());
  }
}
