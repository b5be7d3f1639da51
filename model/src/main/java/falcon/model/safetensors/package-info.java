/// Reads and writes safetensors files: named tensors without anything that could be executed.
///
/// Read [SafetensorsFile] first. Format: <https://huggingface.co/docs/safetensors>, section
/// "Format". Must not import any package of Falcon but `falcon.model`.
@NullMarked
package falcon.model.safetensors;

import org.jspecify.annotations.NullMarked;
