package falcon.kernel;

/// [SelectionKernels] in plain Java.
///
/// No branch depends on a saliency: `(a − 1 − key) >>> 31` is 1 where `a ≤ key`, and 0 elsewhere.
final class ScalarSelection implements SelectionKernels {
  private static final int INFINITE_KEY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  @Override
  public boolean sift(
      float[] saliency,
      int from,
      int to,
      int low,
      int high,
      long[] above,
      long[] inside,
      double[] partials) {
    int bad = 0;
    for (int i = from; i < to; i = wordEnd(i, to)) {
      int end = wordEnd(i, to);
      long isAbove = 0;
      long isAtLeastLow = 0;
      for (int j = i; j < end; j++) {
        int bits = Float.floatToRawIntBits(saliency[j]);
        int key = Math.max(0, bits);
        // Negative unless it is −0: the sign is set and so is a bit below it.
        bad |= bits >> 31 & bits << 1;
        bad |= (INFINITE_KEY - 1 - key) >>> 31;
        isAbove |= (long) ((high - 1 - key) >>> 31) << j;
        isAtLeastLow |= (long) ((low - 1 - key) >>> 31) << j;
      }
      above[i >> 6] = (above[i >> 6] & ~bits(i, end)) | isAbove;
      inside[(i >> 6) - (from >> 6)] = isAtLeastLow & ~isAbove;
      for (long left = isAbove; left != 0; left &= left - 1) {
        int bit = Long.numberOfTrailingZeros(left);
        partials[bit] += saliency[(i & -64) + bit];
      }
    }
    return bad == 0;
  }

  @Override
  public void mark(float[] saliency, int from, int to, int least, long[] words) {
    for (int i = from; i < to; i = wordEnd(i, to)) {
      int end = wordEnd(i, to);
      long isMarked = 0;
      for (int j = i; j < end; j++) {
        int key = Math.max(0, Float.floatToRawIntBits(saliency[j]));
        isMarked |= (long) ((least - 1 - key) >>> 31) << j;
      }
      words[i >> 6] = (words[i >> 6] & ~bits(i, end)) | isMarked;
    }
  }

  /// Returns the end of weight i's word, or of the range where that comes first.
  private static int wordEnd(int i, int to) {
    return Math.min(to - 1, i | 63) + 1;
  }

  /// Returns the bits of weights from … to − 1 of one word.
  private static long bits(int from, int to) {
    return -1L << from & -1L >>> -to;
  }
}
