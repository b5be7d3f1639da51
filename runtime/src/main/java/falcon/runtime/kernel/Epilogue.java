package falcon.runtime.kernel;

import falcon.runtime.loop.Activation;
import falcon.runtime.loop.EndLoop;
import org.jspecify.annotations.Nullable;

/// What follows the sums of a layer: `activation(Σ w x + bias + residual)`.
///
/// Immutable; owns its numbers.
public final class Epilogue {
  /// Adds nothing and leaves outputs as they are.
  public static final Epilogue NONE =
      new Epilogue(
          null,
          false,
          Activation.CLIP,
          new Bounds(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY));

  private final float @Nullable [] bias;
  private final boolean hasResidual;
  private final Activation activation;
  private final Bounds bounds;

  /// @param low least output of a clip
  /// @param high greatest output of a clip
  private record Bounds(float low, float high) {}

  private Epilogue(
      float @Nullable [] bias, boolean hasResidual, Activation activation, Bounds bounds) {
    this.bias = bias;
    this.hasResidual = hasResidual;
    this.activation = activation;
    this.bounds = bounds;
  }

  /// Returns the same with a bias, `[outputs]`, which is copied.
  public Epilogue withBias(float[] values) {
    return new Epilogue(values.clone(), hasResidual, activation, bounds);
  }

  /// Returns the same with a residual, an activation in the layout of the output that is added
  /// before the activation function.
  public Epilogue withResidual() {
    return new Epilogue(bias, true, activation, bounds);
  }

  /// Returns the same with ReLU, `max(x, 0)`.
  public Epilogue withRelu() {
    return withClip(0, Float.POSITIVE_INFINITY);
  }

  /// Returns the same with a clip to `[low, high]`.
  ///
  /// @throws IllegalArgumentException if `low > high` or one is NaN
  public Epilogue withClip(float low, float high) {
    if (!(low <= high)) {
      throw new IllegalArgumentException("a clip to [%s, %s] is empty".formatted(low, high));
    }
    return new Epilogue(bias, hasResidual, Activation.CLIP, new Bounds(low, high));
  }

  /// Returns the same with another activation function; [Activation#CLIP] without bounds is none.
  public Epilogue withActivation(Activation other) {
    return new Epilogue(bias, hasResidual, other, NONE.bounds);
  }

  /// Returns whether a residual is added.
  public boolean hasResidual() {
    return hasResidual;
  }

  /// Returns the function behind the sums.
  public Activation activation() {
    return activation;
  }

  /// Returns the least output of a clip.
  public float low() {
    return bounds.low();
  }

  /// Returns the greatest output of a clip.
  public float high() {
    return bounds.high();
  }

  /// Returns whether anything but a bias follows the sums.
  boolean hasEnd() {
    return hasResidual || activation != Activation.CLIP || !bounds.equals(NONE.bounds);
  }

  EndLoop.Function function() {
    return new EndLoop.Function(activation, bounds.low(), bounds.high());
  }

  /// Returns the bias of an output channel; 0 if there is none.
  float bias(int output) {
    return bias == null ? 0 : bias[output];
  }

  /// @throws IllegalArgumentException if there is a bias of another length
  void checkOutputs(int outputs) {
    if (bias != null && bias.length != outputs) {
      throw new IllegalArgumentException(
          "%d biases for %d output channels".formatted(bias.length, outputs));
    }
  }
}
