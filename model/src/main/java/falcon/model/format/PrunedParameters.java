package falcon.model.format;

import falcon.model.MalformedModelException;
import falcon.model.StateDict;
import falcon.model.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Multiplies out the parameters of networks that PyTorch has pruned but not yet made permanent:
/// `weight_orig` and `weight_mask` (`torch.nn.utils.prune`) become `weight`.
final class PrunedParameters {
  private static final String ORIGINAL = "_orig";
  private static final String MASK = "_mask";

  private PrunedParameters() {}

  /// Returns the tensors with each pair of `x_orig` and `x_mask` replaced by `x`, their product, in
  /// the place and type of the first. Without a mask a name like `x_orig` means something else.
  ///
  /// @param path file of the tensors, named in messages
  /// @throws MalformedModelException if a mask has another shape, or `x` is there as well
  static StateDict multipliedOut(StateDict state, Path path) {
    Map<String, Tensor> tensors = state.tensors();
    var products = new LinkedHashMap<String, Tensor>();
    tensors.forEach((name, tensor) -> {
      String parameter = plain(name, ORIGINAL);
      String ofMask = plain(name, MASK);
      Tensor mask = parameter == null ? null : tensors.get(parameter + MASK);
      if (parameter != null && mask != null) {
        boolean isThere = tensors.containsKey(parameter);
        if (isThere || !mask.shape().equals(tensor.shape())) {
          throw new MalformedModelException(
              path,
              "holds '%s', a parameter that torch.nn.utils.prune has pruned, %s"
                  .formatted(
                      name,
                      isThere
                          ? "and '%s' as well".formatted(parameter)
                          : "of shape %s with a mask of %s"
                              .formatted(tensor.shape(), mask.shape())),
              "Make the pruning permanent (torch.nn.utils.prune.remove) and save the weights again.");
        }
        products.put(parameter, product(tensor, mask));
      } else if (ofMask == null || !tensors.containsKey(ofMask + ORIGINAL)) {
        products.put(name, tensor);
      }
    });
    return new StateDict(products, state.metadata());
  }

  /// Returns a name without an ending, null if it has another one.
  private static @Nullable String plain(String name, String ending) {
    return name.endsWith(ending) ? name.substring(0, name.length() - ending.length()) : null;
  }

  /// Returns the values where the mask is not zero, and zeros elsewhere.
  private static Tensor product(Tensor values, Tensor mask) {
    int bytes = values.type().bytes();
    ByteBuffer content = values.bytes();
    ByteBuffer factors = mask.bytes();
    var product = new byte[content.capacity()];
    for (int i = 0; i < values.size(); i++) {
      if (isKept(factors, i, mask.type().bytes())) {
        content.get(i * bytes, product, i * bytes, bytes);
      }
    }
    return Tensor.ofBytes(values.type(), values.shape(), product);
  }

  /// Returns whether an element of a mask, which is 0 or 1 in any type, is not 0.
  private static boolean isKept(ByteBuffer mask, int index, int bytes) {
    for (int i = 0; i < bytes; i++) {
      if (mask.get(index * bytes + i) != 0) {
        return true;
      }
    }
    return false;
  }
}
