package falcon.model.naming;

import falcon.model.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The output channels of a layer's weights in PyTorch's form, `[outputs, inputs/groups, …]`, of a
/// transposed convolution `[inputs, outputs/groups, …]`.
final class Channels {
  private final int[] channels;
  private final int count;

  private Channels(int[] channels, int count) {
    this.channels = channels;
    this.count = count;
  }

  /// Returns the output channels of a layer's weights.
  ///
  /// @param shape of the weights in the state dict
  /// @return null if such a layer has no weights of this shape
  static @Nullable Channels of(Node layer, List<Long> shape) {
    if (shape.size() < 2) {
      return null;
    }
    int first = Math.toIntExact(shape.getFirst());
    int second = Math.toIntExact(shape.get(1));
    int rest = 1;
    for (long size : shape.subList(2, shape.size())) {
      rest *= Math.toIntExact(size);
    }
    boolean isTransposed = layer.is("ConvTranspose");
    long groups = isTransposed ? layer.integer("group", 1) : 1;
    if (groups < 1 || first % groups != 0) {
      return null;
    }
    int inputsOfGroup = Math.toIntExact(first / groups);
    var channels = new int[first * second * rest];
    for (int i = 0; i < channels.length; i++) {
      int row = i / (second * rest);
      channels[i] = isTransposed ? row / inputsOfGroup * second + i / rest % second : row;
    }
    return new Channels(channels, isTransposed ? Math.toIntExact(groups) * second : first);
  }

  /// Returns the number of channels.
  int count() {
    return count;
  }

  /// Returns the channel of a weight, by its index in the state dict's tensor.
  int of(int weight) {
    return channels[weight];
  }

  /// Returns the factors that make weights of others: one for each channel.
  ///
  /// @param made the weights with factors, at `sources`
  /// @param sources index in `made` of each weight
  /// @return null if there are none; NaN where the weights are all zero
  double @Nullable [] factors(
      float[] made, int[] sources, StateTensor weights, Closeness closeness) {
    var products = new double[count];
    var squares = new double[count];
    var greatest = new double[count];
    float[] values = weights.values();
    for (int i = 0; i < values.length; i++) {
      double value = values[i];
      float result = made[sources[i]];
      products[channels[i]] += result * value;
      squares[channels[i]] += value * value;
      greatest[channels[i]] = Math.max(greatest[channels[i]], Math.abs(result));
    }
    for (int channel = 0; channel < count; channel++) {
      products[channel] =
          squares[channel] == 0 && greatest[channel] == 0
              ? Double.NaN
              : products[channel] / squares[channel];
    }
    for (int i = 0; i < values.length; i++) {
      double factor = products[channels[i]];
      double result = made[sources[i]];
      if (!Double.isNaN(factor)
          && !closeness.fits(factor * values[i], result, greatest[channels[i]])) {
        return null;
      }
    }
    return products;
  }
}
