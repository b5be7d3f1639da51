package falcon.model.onnx;

import com.google.protobuf.CodedOutputStream;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.TensorProto;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// The length of a network's file that leaves out the zeros of some tensors
/// ([OnnxOption#SPARSE]).
///
/// ```
/// length ≤ otherBytes + Σ bytesByTensor · stored elements of the tensor
/// ```
///
/// It is less by a few bytes of lengths, and where a tensor that keeps many elements is stored with
/// all of them, which is smaller then.
///
/// @param denseBytes length with every element stored
/// @param otherBytes bytes of everything but the elements of these tensors
/// @param bytesByTensor bytes of one stored element, of those tensors that can be stored without
///     their zeros; others are in `otherBytes`
public record SparseSize(long denseBytes, long otherBytes, Map<String, Integer> bytesByTensor) {
  /// Copies the map.
  public SparseSize {
    bytesByTensor = Collections.unmodifiableMap(new LinkedHashMap<>(bytesByTensor));
  }

  /// Returns the length of a network's file.
  ///
  /// @param tensors names of the tensors that may have zeros
  /// @throws IllegalArgumentException if the network has tensors in files of external data
  public static SparseSize of(Network network, Collection<String> tensors) {
    ModelFiles files = ModelWriter.files(network, "", false, Long.MAX_VALUE);
    if (!files.data().isEmpty()) {
      throw new IllegalArgumentException(
          "the network has tensors in files of external data: %s"
              .formatted(files.data().keySet().stream().sorted().toList()));
    }
    ModelProto model = files.model();
    long dense = model.getSerializedSize();
    long other = dense;
    var bytesByTensor = new LinkedHashMap<String, Integer>();
    Set<String> names = Set.copyOf(tensors);
    for (TensorProto proto : model.getGraph().getInitializerList()) {
      Tensor tensor = network.initializers().get(proto.getName());
      if (tensor != null && names.contains(proto.getName()) && tensor.type().isFloatingPoint()) {
        int each = SparseForm.elementBytes(tensor.type());
        other +=
            overhead(proto.getName(), tensor, each)
                - CodedOutputStream.computeMessageSize(GraphProto.INITIALIZER_FIELD_NUMBER, proto);
        bytesByTensor.put(proto.getName(), each);
      }
    }
    return new SparseSize(dense, other, bytesByTensor);
  }

  /// Returns the bytes of a sparse tensor besides its elements, at most: with all of them stored.
  private static long overhead(String name, Tensor tensor, int each) {
    var ones = new byte[tensor.size() * tensor.type().bytes()];
    Arrays.fill(ones, (byte) 1);
    Tensor full = Tensor.ofBytes(tensor.type(), tensor.shape(), ones);
    return CodedOutputStream.computeMessageSize(
            GraphProto.SPARSE_INITIALIZER_FIELD_NUMBER, SparseForm.of(name, full))
        - (long) tensor.size() * each;
  }
}
