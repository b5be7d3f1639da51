package falcon.torch.operator;

import falcon.model.Node;
import falcon.torch.kernel.Window;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Operators that put windows back into the image that they were cut from; overlapping windows are
/// added up.
final class FoldOperators {
  /// Greatest number of elements of an image with its padding: only windows far outside the image
  /// need more.
  private static final int MOST_ELEMENTS = Integer.MAX_VALUE;

  private FoldOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Col2Im", Operator.of(FoldOperators::folded));
  }

  /// Computes `Col2Im`. libtorch's fold has two spatial axes and the same padding at both ends: a
  /// single axis gets another one before it, and the padding is cropped afterwards.
  private static Tensor folded(Operands in) {
    Node node = in.node();
    long[] sizes = in.longs(1);
    long[] block = in.longs(2);
    int axes = sizes.length;
    if (axes < 1 || axes > 2) {
      throw in.unsupported(
          "its image has %d spatial axes, one or two are computed".formatted(axes));
    }
    long[] pads = Window.filled(node, "pads", 2 * axes, 0);
    long[] padded = sizes.clone();
    Arrays.setAll(padded, i -> sizes[i] + pads[i] + pads[i + axes]);
    double elements = (double) in.x().size(0) * in.x().size(1);
    for (int i = 0; i < axes; i++) {
      elements *= (double) padded[i] / block[i];
    }
    if (elements > MOST_ELEMENTS) {
      throw in.unsupported(
          "with its padding the image has %.3g elements, at most %,d are computed"
              .formatted(elements, MOST_ELEMENTS));
    }
    Tensor image =
        torch.col2im(
            in.x(),
            plane(padded),
            plane(block),
            plane(Window.filled(node, "dilations", axes, 1)),
            new long[] {0, 0},
            plane(Window.filled(node, "strides", axes, 1)));
    if (axes == 1) {
      image = image.squeeze(2);
    }
    for (int i = 0; i < axes; i++) {
      image = image.narrow(i + 2, pads[i], sizes[i]);
    }
    return image;
  }

  /// Returns the numbers of two axes; a single axis gets one of size 1 before it.
  private static long[] plane(long[] each) {
    return each.length == 1 ? new long[] {1, each[0]} : each;
  }
}
