/// ONNX files: read into a [falcon.model.Network] and written back without loss.
///
/// Read [OnnxFile] first. The schema is `src/main/protobuf/onnx.proto`; only this package uses its
/// generated classes. Must not import other file formats, the built-in architectures or
/// `falcon.model.layer`.
@NullMarked
package falcon.model.onnx;

import org.jspecify.annotations.NullMarked;
