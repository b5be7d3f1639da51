package falcon.model.naming;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Writes the constants of a pruned network into a state dict.
final class StateUpdate {
  private final State state;
  private final Network dense;
  private final Network pruned;
  private final Map<String, Tensor> masks;
  private final IdentityHashMap<Tensor, Change> changes = new IdentityHashMap<>();
  private final List<String> conflicts = new ArrayList<>();

  /// @param masks by constant; 0 is pruned
  StateUpdate(State state, Network dense, Network pruned, Map<String, Tensor> masks) {
    this.state = state;
    this.dense = dense;
    this.pruned = pruned;
    this.masks = masks;
  }

  /// The new content of a tensor, or of several that are tied.
  private static final class Change {
    private final String name;
    private final double[] values;
    private final @Nullable String[] sources;
    private final byte[] kept;
    private boolean isMasked;
    private boolean isChanged;
    private boolean isInConflict;

    Change(StateTensor tensor) {
      name = tensor.name();
      values = tensor.tensor().toDoubles();
      sources = new @Nullable String[values.length];
      kept = new byte[values.length];
      Arrays.fill(kept, (byte) 1);
    }
  }

  /// Elements of a constant before and after pruning.
  private static final class Elements {
    private final String name;
    private final float[] before;
    private final float[] after;
    private final @Nullable ByteBuffer mask;

    Elements(String name, Tensor before, Tensor after, @Nullable Tensor mask) {
      this.name = name;
      this.before = before.toFloats();
      this.after = after.toFloats();
      this.mask = mask == null ? null : mask.bytes();
    }

    boolean isMasked() {
      return mask != null;
    }

    boolean isChanged(int index) {
      return Float.compare(before[index], after[index]) != 0;
    }

    boolean isPruned(int index) {
      return mask != null && mask.get(index) == 0;
    }

    double difference(int index) {
      return (double) after[index] - before[index];
    }
  }

  private Elements elements(String constant) {
    return new Elements(
        constant, dense.tensor(constant), pruned.tensor(constant), masks.get(constant));
  }

  private Change change(StateTensor tensor) {
    return changes.computeIfAbsent(tensor.tensor(), _ -> new Change(tensor));
  }

  /// Writes the values of a target.
  void add(Target target) {
    switch (target) {
      case Target.Copied(String constant, StateTensor tensor, Arrangement arrangement) ->
          copy(elements(constant), tensor, arrangement.sources(), false);
      case Target.Summed(String constant, StateTensor tensor, Arrangement arrangement) ->
          copy(elements(constant), tensor, arrangement.sources(), true);
      case Target.Folded folded -> unfold(folded);
    }
  }

  private void copy(Elements constant, StateTensor tensor, int[] sources, boolean isSum) {
    Change change = change(tensor);
    change.isMasked |= constant.isMasked();
    for (int i = 0; i < sources.length; i++) {
      int from = sources[i];
      if (from != Arrangement.NONE) {
        double old = tensor.value(i);
        double value =
            isSum
                ? old + constant.difference(from)
                : constant.isChanged(from) ? constant.after[from] : old;
        put(change, i, value, constant, constant.isPruned(from));
      }
    }
  }

  private void unfold(Target.Folded folded) {
    Target.Source source = folded.source();
    Elements weights = elements(source.constant());
    Elements bias = source.bias() == null ? null : elements(source.bias());
    int[] sources = source.arrangement().sources();
    boolean[] isDead = dead(folded, weights, sources);
    StateTensor tensor = source.weights();
    Change change = change(tensor);
    change.isMasked |= weights.isMasked();
    for (int i = 0; i < sources.length; i++) {
      int channel = folded.channels().of(i);
      int from = sources[i];
      double factor = isDead[channel] ? 1 : folded.norm().factor(channel, folded.epsilon());
      double value =
          isDead[channel] || weights.isChanged(from)
              ? weights.after[from] / factor
              : tensor.value(i);
      put(change, i, value, weights, weights.isPruned(from));
    }
    for (int channel = 0; channel < isDead.length; channel++) {
      double difference = bias == null ? 0 : bias.difference(channel);
      if (isDead[channel]) {
        revive(folded, channel, bias == null ? 0 : bias.after[channel], weights);
      } else {
        shift(folded, channel, difference, bias == null ? weights : bias);
      }
    }
  }

  /// Returns which channels have weights now that their factor, zero or nearly so, cannot make.
  private static boolean[] dead(Target.Folded folded, Elements weights, int[] sources) {
    var isDead = new boolean[folded.norm().channels()];
    for (int i = 0; i < sources.length; i++) {
      int channel = folded.channels().of(i);
      double factor = folded.norm().factor(channel, folded.epsilon());
      isDead[channel] |=
          weights.isChanged(sources[i])
              && weights.after[sources[i]] != 0
              && !Float.isFinite((float) (weights.after[sources[i]] / factor));
    }
    return isDead;
  }

  /// Gives a channel the factor 1.
  private void revive(Target.Folded folded, int channel, double bias, Elements cause) {
    BatchNorm norm = folded.norm();
    double own = folded.ownBias() == null ? 0 : folded.ownBias().values()[channel];
    put(norm.scale(), channel, norm.deviation(channel, folded.epsilon()), cause);
    put(norm.shift(), channel, bias - (own - norm.mean(channel)), cause);
  }

  /// Adds the change of a folded bias to what it was folded of: β, or where there is none the
  /// layer's own bias, or the mean.
  private void shift(Target.Folded folded, int channel, double difference, Elements cause) {
    BatchNorm norm = folded.norm();
    double factor = norm.factor(channel, folded.epsilon());
    put(norm.scale(), channel, norm.scale(channel), cause);
    StateTensor own = folded.ownBias();
    if (norm.shift() != null) {
      put(norm.shift(), channel, norm.shift(channel) + difference, cause);
    } else if (own != null) {
      put(own, channel, own.values()[channel] + difference / factor, cause);
    } else {
      put(norm.mean(), channel, norm.mean(channel) - difference / factor, cause);
    }
  }

  private void put(@Nullable StateTensor tensor, int index, double value, Elements cause) {
    if (tensor != null) {
      put(change(tensor), index, value, cause, false);
    }
  }

  private void put(Change change, int index, double value, Elements cause, boolean isPruned) {
    double put = isPruned ? 0 : value;
    String other = change.sources[index];
    if (other != null && !other.equals(cause.name) && (float) change.values[index] != (float) put) {
      if (!change.isInConflict) {
        conflicts.add(
            "'%s' and '%s' are both %s in the state dict, but differ now"
                .formatted(other, cause.name, change.name));
      }
      change.isInConflict = true;
      return;
    }
    change.isChanged |= change.values[index] != put;
    change.sources[index] = cause.name;
    change.values[index] = put;
    change.kept[index] = isPruned ? 0 : change.kept[index];
  }

  /// Returns what two constants contradict each other about, a sentence each without a full stop.
  List<String> conflicts() {
    return conflicts;
  }

  /// Returns all tensors of the state dict, those that are changed with their new values.
  StateDict weights() {
    IdentityHashMap<Tensor, Tensor> written = new IdentityHashMap<>();
    var tensors = new LinkedHashMap<String, Tensor>();
    state
        .content()
        .tensors()
        .forEach(
            (name, tensor) -> tensors.put(name, written.computeIfAbsent(tensor, this::written)));
    for (StateTensor tensor : state.tensors()) {
      Change change = masked(tensor);
      String mask = tensor.mask();
      if (change != null && mask != null) {
        Tensor old = Objects.requireNonNull(tensors.get(mask));
        tensors.put(mask, asMask(old, change.kept));
      }
    }
    return new StateDict(tensors, Map.of());
  }

  /// Returns the masks by the state dict's names: BOOL, 1 is kept. Tied tensors have one, under the
  /// first of their names, as a module of PyTorch lists its parameters.
  StateDict masks() {
    var known = new ArrayList<StateTensor>();
    var tensors = new LinkedHashMap<String, Tensor>();
    for (StateTensor tensor : state.tensors()) {
      Change change = masked(tensor);
      if (change != null && known.stream().noneMatch(tensor::isTiedTo)) {
        known.add(tensor);
        tensors.put(
            tensor.name(), Tensor.ofBytes(DataType.BOOL, tensor.shape(), change.kept.clone()));
      }
    }
    return new StateDict(tensors, Map.of());
  }

  /// Returns the names of the tensors that have other values now.
  List<String> changed() {
    return state.tensors().stream()
        .filter(tensor -> {
          Change change = changes.get(tensor.tensor());
          return change != null && change.isChanged && !change.isInConflict;
        })
        .map(StateTensor::name)
        .toList();
  }

  private @Nullable Change masked(StateTensor tensor) {
    Change change = changes.get(tensor.tensor());
    return change != null && change.isMasked && !change.isInConflict ? change : null;
  }

  private Tensor written(Tensor tensor) {
    Change change = changes.get(tensor);
    if (change == null || !change.isChanged || change.isInConflict) {
      return tensor;
    }
    if (tensor.type() == DataType.FLOAT64) {
      var bytes =
          ByteBuffer.allocate(change.values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asDoubleBuffer().put(change.values);
      return Tensor.ofContent(tensor.type(), tensor.shape(), bytes);
    }
    var values = new float[change.values.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) change.values[i];
    }
    return tensor.withFloats(values);
  }

  private static Tensor asMask(Tensor old, byte[] kept) {
    if (old.type().isFloatingPoint()) {
      var values = new float[kept.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = kept[i];
      }
      return old.withFloats(values);
    }
    var bytes = new byte[kept.length * old.type().bytes()];
    for (int i = 0; i < kept.length; i++) {
      bytes[i * old.type().bytes()] = kept[i];
    }
    return Tensor.ofBytes(old.type(), old.shape(), bytes);
  }
}
