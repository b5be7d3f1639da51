package falcon.runtime.loop;

/// One output channel, or four neighbouring ones, as [RowLoop]s read it from native memory.
///
/// A stream holds records of an `int` offset in bytes from the input's address, 0 or more, and one
/// float32 weight, or four.
public final class RowItem {
  /// Output channels that share a block.
  public static final int BLOCK = 4;

  /// Place of the address of the stream, a `long`.
  public static final int STREAM = 0;

  /// Place of the number of records, an `int`.
  public static final int COUNT = 8;

  /// Place of the bytes from the output's address to the channel's plane, a `long`.
  public static final int PLANE = 16;

  /// Place of the bytes from plane to plane, a `long`; used by four channels only.
  public static final int PITCH = 24;

  /// Place of one float32 bias, or of four.
  public static final int BIAS = 32;

  /// Bytes of an item.
  public static final int BYTES = 48;

  /// Bytes of a record with one weight.
  public static final int SCATTERED_RECORD = 8;

  /// Bytes of a record with four weights.
  public static final int BLOCK_RECORD = 20;

  private RowItem() {}
}
