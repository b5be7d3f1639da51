/// Reads the weights out of PyTorch checkpoints, without executing anything that they name.
///
/// Read [PyTorchCheckpoint] first. A checkpoint is one or more Python pickles, programs for a stack
/// machine; [Unpickler] runs the part of that machine that checkpoints need, and [Globals] is the
/// list of what they may name. Files are treated as hostile: every size is checked against the
/// length of the file before memory is allocated for it. Must not import any package of Falcon but
/// `falcon.model`.
///
/// Formats: the zip archive of PyTorch 1.6 and later, and the legacy file before it
/// (`torch/serialization.py`, `_save` and `_legacy_save`).
@NullMarked
package falcon.model.pytorch;

import org.jspecify.annotations.NullMarked;
