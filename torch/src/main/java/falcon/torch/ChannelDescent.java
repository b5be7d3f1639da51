package falcon.torch;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Least squares of one layer on given supports, approached by a few conjugate gradient steps that all
/// output channels take together: one matrix product a step, whatever the supports.
///
/// ```
/// minimise  ½ tr W H Wᵀ − tr W B + ½ κ ‖W − W⁰‖²     W zero off its support, κ = relative ridge · mean diag H
/// R = M ∘ (B ᵀ − W H − κ (W − W⁰)),  Z = R / (diag H + κ),  M: 1 on the support, 0 off it
/// P = Z + β ∘ P,  Q = M ∘ (P H + κ P),  W += α ∘ P,  R −= α ∘ Q         α, β: one a channel
/// ```
///
/// Starting at W⁰ masked, the error falls with every step. Float32. The same calls give the same bits.
/// Source: Hestenes and Stiefel 1952 with Jacobi's preconditioner; the problem is that of OBC
/// (arXiv:2208.11580, section 3).
public final class ChannelDescent implements AutoCloseable {
  /// Added to divisors, so that a channel that is done (0 / 0) stays where it is.
  private static final double TINY = 1e-30;

  private final int outputs;
  private final int inputs;
  private final double ridge;
  private final Tensor gram;
  private final Tensor wanted;
  private final Tensor inverseDiagonal;

  /// @param relativeRidge κ as a share of H's mean diagonal, above 0
  public ChannelDescent(LayerProblem problem, double relativeRidge) {
    inputs = problem.inputs();
    outputs = problem.outputs();
    double trace = 0;
    for (int i = 0; i < inputs; i++) {
      trace += problem.gram()[i * (inputs + 1)];
    }
    // H is scaled so that its mean diagonal is 1: float32 has room on both sides
    double scale = trace > 0 ? inputs / trace : 1;
    ridge = relativeRidge;
    var diagonal = new float[inputs];
    for (int i = 0; i < inputs; i++) {
      diagonal[i] = (float) (1 / (problem.gram()[i * (inputs + 1)] * scale + ridge));
    }
    gram = scaled(problem.gram(), scale, inputs, inputs);
    try (var _ = new PointerScope()) {
      Tensor cross = scaled(problem.cross(), scale, inputs, outputs);
      wanted = Torch.keep(cross.t().contiguous());
      cross.releaseReference();
    }
    inverseDiagonal = Torch.tensor(diagonal, List.of((long) inputs), Precision.FLOAT32);
  }

  private static Tensor scaled(double[] values, double scale, int rows, int columns) {
    var narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) (values[i] * scale);
    }
    return Torch.tensor(narrow, List.of((long) rows, (long) columns), Precision.FLOAT32);
  }

  /// @param present W⁰ `[o, k]`; read only
  /// @param kept `[o, k]`, 1 on the support and 0 off it; read only
  /// @param steps 0 or more
  /// @return `[o, k]`, zero off the support; a new array
  public float[] minimise(float[] present, float[] kept, int steps) {
    try (var _ = new PointerScope()) {
      List<Long> shape = List.of((long) outputs, (long) inputs);
      Tensor mask = Torch.scoped(kept, shape, Precision.FLOAT32);
      Tensor weights = Torch.scoped(present, shape, Precision.FLOAT32).mul_(mask);
      Tensor residual = wanted.sub(weights.mm(gram)).mul_(mask);
      Tensor direction = torch.zeros_like(weights);
      Tensor length = ones();
      for (int step = 0; step < steps; step++) {
        try (var _ = new PointerScope()) {
          Tensor scaled = residual.mul(inverseDiagonal);
          Tensor next = perChannel(residual, scaled);
          direction.mul_(next.div(length.add(tiny()))).add_(scaled);
          length.copy_(next);
          Tensor image = direction.mm(gram).add_(direction, new Scalar(ridge)).mul_(mask);
          Tensor alpha = next.div(perChannel(direction, image).add_(tiny()));
          weights.add_(direction.mul(alpha));
          residual.sub_(image.mul_(alpha));
        }
      }
      return Torch.floats(weights);
    }
  }

  /// Half the gradient of the squared error, relative to the preconditioner: the step
  /// `(B ᵀ − W H) / (diag H + κ)` that each weight would take alone.
  ///
  /// @param weights W `[o, k]`; read only
  /// @return `[o, k]`
  public float[] singleSteps(float[] weights) {
    try (var _ = new PointerScope()) {
      List<Long> shape = List.of((long) outputs, (long) inputs);
      Tensor present = Torch.scoped(weights, shape, Precision.FLOAT32);
      return Torch.floats(wanted.sub(present.mm(gram)).mul_(inverseDiagonal));
    }
  }

  /// In the first step the direction is zero, so that what it is multiplied by does not count.
  private Tensor ones() {
    return torch.ones(new long[] {outputs, 1});
  }

  private static Scalar tiny() {
    return new Scalar(TINY);
  }

  /// @return `[o, 1]`, sums over inputs of a ∘ b
  private static Tensor perChannel(Tensor a, Tensor b) {
    return a.mul(b).sum(new long[] {1}, true, new ScalarTypeOptional());
  }

  @Override
  public void close() {
    gram.releaseReference();
    wanted.releaseReference();
    inverseDiagonal.releaseReference();
  }
}
