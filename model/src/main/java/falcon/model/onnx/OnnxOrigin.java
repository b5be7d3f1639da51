package falcon.model.onnx;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.onnx.proto.ModelProto;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/// The ONNX source of a network.
///
/// @param skeleton the file's message without the elements of `detached`
/// @param detached names of tensors whose elements (`raw_data`) only the network holds
/// @param asRead the other tensors as they were read; their elements stay in the skeleton, or in
///     `files`
/// @param external names of the tensors in `asRead` that came from separate files
/// @param files these files, by location
record OnnxOrigin(
    ModelProto skeleton,
    Set<String> detached,
    Map<String, Tensor> asRead,
    Set<String> external,
    SequencedMap<String, ExternalFiles.Content> files)
    implements Network.Origin {}
