package falcon.model.naming;

import falcon.model.StateDict;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A state dict, its tensors by name and its modules.
final class State {
  private static final String ORIGINAL = "_orig";
  private static final String MASK = "_mask";

  private final StateDict content;
  private final Map<String, StateTensor> byPlainName = new LinkedHashMap<>();
  private final List<BatchNorm> norms = new ArrayList<>();

  State(StateDict content) {
    this.content = content;
    int position = 0;
    for (Map.Entry<String, Tensor> entry : content.tensors().entrySet()) {
      add(entry.getKey(), entry.getValue(), position++);
    }
    modules().forEach(this::addNorm);
  }

  private void add(String name, Tensor tensor, int position) {
    if (!tensor.type().isFloatingPoint() || tensor.size() == 0 || isMask(name)) {
      return;
    }
    String plain =
        name.substring(0, name.length() - (name.endsWith(ORIGINAL) ? ORIGINAL.length() : 0));
    Tensor mask = name.endsWith(ORIGINAL) ? content.tensors().get(plain + MASK) : null;
    if (mask == null || !mask.shape().equals(tensor.shape())) {
      byPlainName.put(name, new StateTensor(name, name, tensor, tensor.toFloats(), position, null));
      return;
    }
    float[] values = tensor.toFloats();
    float[] factors = factors(mask);
    for (int i = 0; i < values.length; i++) {
      values[i] = factors[i] == 0 ? 0 : values[i];
    }
    byPlainName.put(plain, new StateTensor(name, plain, tensor, values, position, plain + MASK));
  }

  /// Returns whether a tensor is the mask of one that `torch.nn.utils.prune` has pruned.
  private boolean isMask(String name) {
    return name.endsWith(MASK)
        && content
            .tensors()
            .containsKey(name.substring(0, name.length() - MASK.length()) + ORIGINAL);
  }

  private static float[] factors(Tensor mask) {
    if (mask.type().isFloatingPoint()) {
      return mask.toFloats();
    }
    long[] numbers = mask.toLongs();
    var factors = new float[numbers.length];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = numbers[i];
    }
    return factors;
  }

  private void addNorm(String module) {
    StateTensor mean = tensor(module, "running_mean");
    StateTensor variance = tensor(module, "running_var");
    if (mean != null && variance != null && mean.shape().equals(variance.shape())) {
      StateTensor scale = tensor(module, "weight");
      StateTensor shift = tensor(module, "bias");
      boolean fits =
          (scale == null || scale.shape().equals(mean.shape()))
              && (shift == null || shift.shape().equals(mean.shape()));
      if (fits) {
        norms.add(new BatchNorm(module, scale, shift, mean, variance));
      }
    }
  }

  StateDict content() {
    return content;
  }

  /// Returns all tensors of floating-point numbers, in order.
  List<StateTensor> tensors() {
    return List.copyOf(byPlainName.values());
  }

  /// Returns the modules that have such tensors, in order.
  Set<String> modules() {
    var modules = new LinkedHashSet<String>();
    byPlainName.values().forEach(tensor -> modules.add(tensor.module()));
    return modules;
  }

  List<BatchNorm> norms() {
    return norms;
  }

  /// Returns a tensor of a module.
  ///
  /// @return null if there is none
  @Nullable StateTensor tensor(String module, String leaf) {
    return byPlainName.get(module.isEmpty() ? leaf : module + "." + leaf);
  }

  /// Returns the tensor that is the bias of weights by its name: `in_proj_bias` of
  /// `in_proj_weight`.
  ///
  /// @return null if there is none
  @Nullable StateTensor biasOf(StateTensor weights) {
    String leaf = weights.leaf();
    return leaf.endsWith("weight")
        ? tensor(weights.module(), leaf.substring(0, leaf.length() - "weight".length()) + "bias")
        : null;
  }

  /// Returns the last tensor before a place in the order of the state dict.
  ///
  /// @return null if there is none
  @Nullable StateTensor before(int position) {
    StateTensor last = null;
    for (StateTensor tensor : byPlainName.values()) {
      if (tensor.position() < position) {
        last = tensor;
      }
    }
    return last;
  }
}
