package falcon.torch;

import org.bytedeco.pytorch.global.torch;

/// The precision in which a network is executed.
public enum Precision {
  /// IEEE binary32.
  FLOAT32(torch.ScalarType.Float),
  /// IEEE binary64.
  FLOAT64(torch.ScalarType.Double);

  private final torch.ScalarType scalarType;

  Precision(torch.ScalarType scalarType) {
    this.scalarType = scalarType;
  }

  /// Returns libtorch's element type of this precision.
  public torch.ScalarType scalarType() {
    return scalarType;
  }
}
