package falcon.model.operator;

import falcon.model.Node;
import java.util.List;

/// The padding that a sliding window adds to its input at the ends of one axis; a transposed
/// convolution crops its result by this amount, and extends it where the amount is negative.
///
/// Source: ONNX operator specification, Conv, ConvTranspose and the pools: `pads`, `auto_pad`,
/// `output_padding`, `output_shape`.
///
/// @param begin number of elements before the first one
/// @param end number of elements after the last one
public record AxisPadding(long begin, long end) {
  private static final AxisPadding NONE = new AxisPadding(0, 0);

  /// Returns the padding of a convolution or a pool: for `SAME` as much as ⌈size / stride⌉
  /// positions need.
  ///
  /// @param axis index of the axis among `axes` spatial ones
  /// @param size size of the input
  /// @param stride stride, 1 or more
  /// @param span extent of the window, from its first to its last element
  public static AxisPadding of(Node node, int axis, int axes, long size, long stride, long span) {
    String mode = node.text("auto_pad", "NOTSET");
    if (mode.startsWith("SAME")) {
      long positions = Math.ceilDiv(size, stride);
      return divided(mode, Math.max(0, (positions - 1) * stride + span - size));
    }
    return mode.equals("VALID") ? NONE : explicit(node, axis, axes);
  }

  /// Returns what a transposed convolution crops: for `SAME` the part beyond size · stride, without
  /// extending the result; where the node fixes the output's size, the part beyond that.
  ///
  /// @param axis index of the axis among `axes` spatial ones
  /// @param size size of the input
  /// @param stride factor by which the input is spread, 1 or more
  /// @param span extent of the window, from its first to its last element
  public static AxisPadding ofTransposed(
      Node node, int axis, int axes, long size, long stride, long span) {
    String mode = node.text("auto_pad", "NOTSET");
    long whole = Math.addExact(Math.multiplyExact(stride, size - 1), span);
    long added = entry(node, "output_padding", axis, 0);
    List<Long> sizes = node.integers("output_shape", List.of());
    boolean isFixed = sizes.size() >= axes;
    if (!isFixed && !mode.startsWith("SAME")) {
      AxisPadding own = mode.equals("NOTSET") ? explicit(node, axis, axes) : NONE;
      return new AxisPadding(own.begin, own.end - added);
    }
    long wanted = isFixed ? sizes.get(sizes.size() - axes + axis) : Math.min(whole, size * stride);
    long begin = divided(mode, Math.max(0, whole + added - wanted)).begin;
    return new AxisPadding(begin, whole - wanted - begin);
  }

  private static AxisPadding explicit(Node node, int axis, int axes) {
    return new AxisPadding(entry(node, "pads", axis, 0), entry(node, "pads", axis + axes, 0));
  }

  /// Divides a padding in halves; an odd element goes to the end for `SAME_UPPER`, to the beginning
  /// otherwise.
  private static AxisPadding divided(String mode, long total) {
    long begin = mode.equals("SAME_UPPER") ? total / 2 : total - total / 2;
    return new AxisPadding(begin, total - begin);
  }

  /// Returns an element of a list attribute, or ONNX's default if the list is absent.
  public static long entry(Node node, String attribute, int index, long absent) {
    List<Long> list = node.integers(attribute, List.of());
    return index < list.size() ? list.get(index) : absent;
  }

  public long total() {
    return begin + end;
  }
}
