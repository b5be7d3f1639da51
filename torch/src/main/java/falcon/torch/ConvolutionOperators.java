package falcon.torch;

import falcon.model.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

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
    long[] full = Arrays.copyOfRange(whole.shape(), 2, 2 + spatial);
    long[] size = Arrays.copyOfRange(x.shape(), 2, 2 + spatial);
    long[][] border = border(node, full, size, strides);
    Tensor cut = Torch.padded(whole, border[0], border[1], 0);
    Tensor bias = in.tensor(2);
    return bias == null ? cut : cut.add(Torch.alongChannels(bias, cut.dim()));
  }

  /// What to add (cut off where negative) before and behind each axis of the whole result.
  ///
  /// @param full sizes of the whole result
  /// @param size of the input
  private static long[][] border(Node node, long[] full, long[] size, long[] strides) {
    int spatial = full.length;
    long[] extra = Window.filled(node, "output_padding", spatial, 0);
    String autoPad = node.text("auto_pad", "NOTSET");
    long @Nullable [] wanted = wanted(node, full, size, strides);
    long[] pads = Window.filled(node, "pads", 2 * spatial, 0);
    var before = new long[spatial];
    var after = new long[spatial];
    for (int i = 0; i < spatial; i++) {
      if (wanted == null) {
        boolean isPadded = autoPad.equals("NOTSET");
        before[i] = isPadded ? -pads[i] : 0;
        after[i] = (isPadded ? -pads[i + spatial] : 0) + extra[i];
      } else {
        long total = Math.max(0, full[i] + extra[i] - wanted[i]);
        before[i] = -(autoPad.equals("SAME_UPPER") ? total / 2 : (total + 1) / 2);
        after[i] = wanted[i] - full[i] - before[i];
      }
    }
    return new long[][] {before, after};
  }

  /// @return the output's sizes if the node fixes them and its padding follows from them
  private static long @Nullable [] wanted(Node node, long[] full, long[] size, long[] strides) {
    List<Long> given = node.integers("output_shape", List.of());
    if (given.size() >= size.length && !given.isEmpty()) {
      return Torch.longs(given.subList(given.size() - size.length, given.size()));
    }
    if (!node.text("auto_pad", "NOTSET").startsWith("SAME")) {
      return null;
    }
    var wanted = new long[size.length];
    for (int i = 0; i < size.length; i++) {
      wanted[i] = Math.min(full[i], size[i] * strides[i]); // nothing is added
    }
    return wanted;
  }
}
