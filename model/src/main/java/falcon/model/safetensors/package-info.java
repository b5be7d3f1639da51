/// Reads and writes safetensors files: named tensors without anything that could run.
///
/// Read [SafetensorsFile] first. Format: <https://huggingface.co/docs/safetensors>, section
/// "Format".
@NullMarked
package falcon.model.safetensors;

import org.jspecify.annotations.NullMarked;
