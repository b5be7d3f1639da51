package falcon.model.operator;

import falcon.model.Node;
import java.util.List;

/// What a node that slides a window adds to its input at the ends of one axis; a transposed
/// convolution cuts as much off its result, and adds where it is negative.
///
/// Source: ONNX operator specification, Conv, ConvTranspose and the pools: `pads`, `auto_pad`,
/// `output_padding`, `output_shape`.
///
/// @param begin before the first element
/// @param end behind the last element
public record AxisPadding(long begin, long end) {
  private static final AxisPadding NONE = new AxisPadding(0, 0);

  /// Padding of a convolution or a pool: for `SAME` as much as ⌈size / stride⌉ positions lack.
  ///
  /// @param axis of `axes` spatial ones
  /// @param size of the input
  /// @param stride 1 or more
  /// @param span of the window, from its first to its last element
  public static AxisPadding of(Node node, int axis, int axes, long size, long stride, long span) {
    String mode = node.text("auto_pad", "NOTSET");
    if (mode.startsWith("SAME")) {
      long positions = Math.ceilDiv(size, stride);
      return divided(mode, Math.max(0, (positions - 1) * stride + span - size));
    }
    return mode.equals("VALID") ? NONE : explicit(node, axis, axes);
  }

  /// What a transposed convolution cuts off: for `SAME` what is beyond size · stride, and nothing
  /// is added; where the node fixes the output's size what is beyond that.
  ///
  /// @param axis of `axes` spatial ones
  /// @param size of the input
  /// @param stride how far the input is spread, 1 or more
  /// @param span of the window, from its first to its last element
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

  /// In halves; what is over goes to the end for `SAME_UPPER`, to the begin otherwise.
  private static AxisPadding divided(String mode, long total) {
    long begin = mode.equals("SAME_UPPER") ? total / 2 : total - total / 2;
    return new AxisPadding(begin, total - begin);
  }

  /// A number of a node's list, or what ONNX takes where the list is absent.
  public static long entry(Node node, String attribute, int index, long absent) {
    List<Long> list = node.integers(attribute, List.of());
    return index < list.size() ? list.get(index) : absent;
  }

  public long total() {
    return begin + end;
  }
}
