package falcon.model.onnx;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.onnx.proto.ModelProto;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/// What a network was read from.
///
/// @param skeleton the file's message without the elements of `detached`
/// @param detached names of tensors whose elements (`raw_data`) only the network holds
/// @param asRead the other tensors as they were read; they stay in the skeleton, or in `files`
/// @param external those of `asRead` that came from files of their own
/// @param files these files, by location
record OnnxOrigin(
    ModelProto skeleton,
    Set<String> detached,
    Map<String, Tensor> asRead,
    Set<String> external,
    SequencedMap<String, ExternalFiles.Content> files)
    implements Network.Origin {}
