package falcon.model.onnx;

/// How a network is written, beyond what it asks for itself.
public enum OnnxOption {
  /// Floating-point tensors that are smaller without their zeros are stored as
  /// `sparse_initializer`, and all others that the network may change in the model's own file. Such
  /// a file has IR version 5 or later, and tensors stored so are no longer inputs that merely have
  /// a default.
  SPARSE,
  /// Files of external data that are there already are replaced, but never one that the network
  /// itself was read from. Without this they are an error: another model may need them.
  REPLACE_DATA
}
