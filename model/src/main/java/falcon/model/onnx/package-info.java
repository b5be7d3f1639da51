/// ONNX files: read into a [falcon.model.Network] and written back without loss.
///
/// Read [OnnxFile] first. The schema is `src/main/protobuf/onnx.proto`; its generated classes stay
/// inside this package. Must not import other file formats or the built-in architectures.
@NullMarked
package falcon.model.onnx;

import org.jspecify.annotations.NullMarked;
