package falcon.torch.operator;

import falcon.model.Node;
import falcon.model.operator.AxisPadding;
import falcon.torch.Torch;
import falcon.torch.kernel.Convolution;
import falcon.torch.kernel.NativeLibraries;
import falcon.torch.kernel.Window;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// Convolutions over one to three spatial axes.
final class ConvolutionOperators {
  private ConvolutionOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Conv", Operator.of(ConvolutionOperators::convolution).fresh());
    all.put("ConvTranspose", Operator.of(ConvolutionOperators::transposed));
  }

  private static Tensor convolution(Operands in) {
    return convolution(in.node(), in.x(), in.y(), in.tensor(2));
  }

  /// Returns the convolution of a node's window with other operands.
  static Tensor convolution(Node node, Tensor x, Tensor weight, @Nullable Tensor bias) {
    Window window = Window.ofConvolution(node, weight.shape(), x);
    return NativeLibraries.kernels()
        .convolution(
            new Convolution(
                window.padded(x, 0), weight, bias, window, node.integer("group", 1), false));
  }

  /// Computes the whole transposed convolution, then crops or extends its border, so that any
  /// padding is exact.
  private static Tensor transposed(Operands in) {
    Node node = in.node();
    Tensor x = in.x();
    Tensor weight = in.y();
    int spatial = (int) weight.dim() - 2;
    if (x.dim() != weight.dim()) {
      throw in.unsupported(
          "its input has %d axes, its weights %d".formatted(x.dim(), weight.dim()));
    }
    long[] strides = Window.filled(node, "strides", spatial, 1);
    long[] dilations = Window.filled(node, "dilations", spatial, 1);
    long[] kernel = Arrays.copyOfRange(weight.shape(), 2, 2 + spatial);
    long[] taken = strides.clone(); // a single position needs no stride
    for (int i = 0; i < spatial; i++) {
      taken[i] = x.size(i + 2L) == 1 ? 1 : strides[i];
      dilations[i] = kernel[i] == 1 ? 1 : dilations[i];
    }
    var window = Window.symmetric(kernel, taken, dilations, new long[spatial]);
    Tensor whole =
        NativeLibraries.kernels()
            .convolution(new Convolution(x, weight, null, window, node.integer("group", 1), true));
    var before = new long[spatial];
    var after = new long[spatial];
    for (int i = 0; i < spatial; i++) {
      long span = (weight.size(i + 2L) - 1) * dilations[i] + 1;
      var border = AxisPadding.ofTransposed(node, i, spatial, x.size(i + 2L), strides[i], span);
      before[i] = -border.begin();
      after[i] = -border.end();
    }
    Tensor cut = Torch.padded(whole, before, after, 0);
    Tensor bias = in.tensor(2);
    return bias == null ? cut : cut.add(Torch.alongChannels(bias, cut.dim()));
  }
}
