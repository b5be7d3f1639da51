package falcon.data;

/// The source of the raw bytes of images: memory, or files that are decoded on each call.
public interface PixelSource {
  /// Copies the bytes `[C, H, W]` of image `index` to `target` from `offset`.
  void copy(int index, byte[] target, int offset);
}
