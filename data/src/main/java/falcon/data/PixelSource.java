package falcon.data;

/// Where the raw bytes of images come from: memory, or files that are decoded each time.
public interface PixelSource {
  /// Copies the bytes `[C, H, W]` of image `index` to `target` from `offset`.
  void copy(int index, byte[] target, int offset);
}
