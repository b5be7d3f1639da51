package falcon.model.onnx;

import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.TensorProto;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// The files that are written for a network.
///
/// @param model content of the model's own file
/// @param data files beside the model's own file, by relative path
record ModelFiles(ModelProto model, SequencedMap<String, DataFile> data) {
  /// Alignment of tensors in a separate file, a page, so that they can be mapped.
  private static final long ALIGNMENT = 4096;

  /// Least size in bytes of a tensor in a separate file; smaller ones stay in the model's file, as
  /// with ONNX's own tools.
  private static final int LEAST_EXTERNAL_BYTES = 1024;

  /// Returns the bytes of elements in the model's own file.
  long inlineBytes() {
    return AllTensors.of(model).stream().mapToLong(tensor -> tensor.getRawData().size()).sum();
  }

  /// Returns these files with the elements of initializers in a separate file, if there are too
  /// many for one file: a protobuf message ends at 2 GiB.
  ///
  /// @param mostBytes greatest number of bytes of elements in the model's own file
  /// @param fileName name of the model's file; the file beside it has the same name and the ending
  ///     `.data`
  ModelFiles within(long mostBytes, String fileName) {
    if (inlineBytes() <= mostBytes) {
      return this;
    }
    var files = new LinkedHashMap<>(data);
    var file = new DataFile(MemorySegment.NULL);
    String location = fileName + ".data";
    while (files.containsKey(location)) {
      location += ".data";
    }
    ModelProto.Builder builder = model.toBuilder();
    GraphProto.Builder graph = builder.getGraphBuilder();
    long end = 0;
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto proto = graph.getInitializer(i);
      int bytes = proto.getRawData().size();
      if (bytes >= LEAST_EXTERNAL_BYTES) {
        long offset = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        end = offset + bytes;
        file.put(offset, proto.getRawData().asReadOnlyByteBuffer());
        graph.setInitializer(i, moved(proto, location, offset, bytes));
      }
    }
    files.put(location, file);
    return new ModelFiles(builder.build(), files);
  }

  private static TensorProto moved(TensorProto proto, String location, long offset, int bytes) {
    return proto.toBuilder()
        .clearRawData()
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(ModelWriter.entry(ExternalPlace.LOCATION, location))
        .addExternalData(ModelWriter.entry(ExternalPlace.OFFSET, Long.toString(offset)))
        .addExternalData(ModelWriter.entry(ExternalPlace.LENGTH, Integer.toString(bytes)))
        .build();
  }
}
