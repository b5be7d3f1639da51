package falcon.torch.operator;

import falcon.model.Node;
import falcon.torch.kernel.Window;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Windows put back into the image that they were cut out of; where they overlap they are added up.
final class FoldOperators {
  /// Elements of an image with its padding: more of them are only asked for by windows that lie far
  /// outside of the image.
  private static final int MOST_ELEMENTS = Integer.MAX_VALUE;

  private FoldOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Col2Im", Operator.of(FoldOperators::folded));
  }

  /// libtorch's fold has two spatial axes and the same padding at both ends: one axis gets another
  /// beside it, and the padding is cut off afterwards.
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

  /// Numbers of two axes, of which the first has one element where there is but one.
  private static long[] plane(long[] each) {
    return each.length == 1 ? new long[] {1, each[0]} : each;
  }
}
