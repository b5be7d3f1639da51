package falcon.torch;

import falcon.model.AxisPadding;
import falcon.model.Node;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Convolutions over one to three spatial axes.
final class ConvolutionOperators {
  /// Samples from which on libtorch takes oneDNN by itself (`ConvParams::use_mkldnn`).
  private static final long ONEDNN_SAMPLES = 16;

  private ConvolutionOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Conv", Operator.of(ConvolutionOperators::convolution));
    all.put("ConvTranspose", Operator.of(ConvolutionOperators::transposed));
  }

  private static Tensor convolution(Operands in) {
    Tensor weight = in.y();
    Window window = Window.ofConvolution(in.node(), weight.shape(), in.x());
    int spatial = (int) weight.dim() - 2;
    if (isLeftToPlainProducts(in, window)) {
      return torch.mkldnn_convolution(
          in.x(),
          weight,
          in.optional(2),
          window.symmetricPads(),
          window.strides(),
          window.dilations(),
          in.node().integer("group", 1));
    }
    return torch.convolution(
        window.padded(in.x(), 0),
        weight,
        in.optional(2),
        window.strides(),
        window.symmetricPads(),
        window.dilations(),
        false,
        new long[spatial],
        in.node().integer("group", 1));
  }

  /// Whether libtorch, asked for any convolution, would take im2col and BLAS in place of oneDNN, at half
  /// its speed: for filters of one position, few samples and one thread.
  private static boolean isLeftToPlainProducts(Operands in, Window window) {
    Tensor x = in.x();
    Tensor weight = in.y();
    return torch.hasMKLDNN()
        && in.precision() == Precision.FLOAT32
        && weight.dim() == 4
        && x.dim() == 4
        && weight.size(2) == 1
        && weight.size(3) == 1
        && x.size(0) < ONEDNN_SAMPLES
        && x.numel() > 0
        && window.isSymmetric()
        && Arrays.stream(window.strides()).allMatch(stride -> stride == 1);
  }

  /// The whole transposed convolution, then its border cut off or extended: so any padding is exact.
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
    Tensor whole =
        torch.convolution(
            x,
            weight,
            new TensorOptional(),
            strides,
            new long[spatial],
            dilations,
            true,
            new long[spatial],
            node.integer("group", 1));
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
