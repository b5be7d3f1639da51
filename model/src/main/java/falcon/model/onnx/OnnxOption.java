package falcon.model.onnx;

/// An option for writing a network.
public enum OnnxOption {
  /// Stores floating-point tensors that are smaller without their zeros as `sparse_initializer`,
  /// and all others that the network may change in the model's own file. The file has IR version 5
  /// or later, and sparse tensors are no longer inputs with a default.
  SPARSE,
  /// Replaces existing files of external data, but never one that the network itself was read from.
  /// Without this option they are an error, since another model may need them.
  REPLACE_DATA
}
