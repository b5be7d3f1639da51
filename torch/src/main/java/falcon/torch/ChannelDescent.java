package falcon.torch;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Least squares of one layer (or all its groups) on given supports, approached by a few conjugate gradient steps that all
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

  private final int groups;
  private final int outputs;
  private final int inputs;
  private final double ridge;
  private final Tensor gram;
  private final Tensor wanted;
  private final Tensor inverseDiagonal;

  /// One layer.
  ///
  /// @param relativeRidge κ as a share of H's mean diagonal, above 0
  public ChannelDescent(LayerProblem problem, double relativeRidge) {
    this(List.of(problem), relativeRidge);
  }

  /// All groups of one layer, which take their steps together, each with its own H.
  ///
  /// @param problems of the groups, all of the same size
  /// @param relativeRidge κ as a share of the mean diagonal of the group's H, above 0
  public ChannelDescent(List<LayerProblem> problems, double relativeRidge) {
    groups = problems.size();
    inputs = problems.getFirst().inputs();
    outputs = problems.getFirst().outputs();
    ridge = relativeRidge;
    var grams = new float[groups * inputs * inputs];
    var crosses = new float[groups * outputs * inputs];
    var diagonals = new float[groups * inputs];
    for (int group = 0; group < groups; group++) {
      LayerProblem problem = problems.get(group);
      double scale = scale(problem);
      narrow(problem.gram(), scale, grams, group);
      narrow(problem.cross(), scale, crosses, group);
      for (int i = 0; i < inputs; i++) {
        diagonals[group * inputs + i] =
            (float) (1 / (problem.gram()[i * (inputs + 1)] * scale + ridge));
      }
    }
    gram = Torch.tensor(grams, shape(inputs, inputs), Precision.FLOAT32);
    try (var _ = new PointerScope()) {
      Tensor cross = Torch.scoped(crosses, shape(inputs, outputs), Precision.FLOAT32);
      wanted = Torch.keep(cross.transpose(-2, -1).contiguous());
    }
    inverseDiagonal = Torch.tensor(diagonals, shape(1, inputs), Precision.FLOAT32);
  }

  /// H is scaled so that its mean diagonal is 1: float32 has room on both sides.
  private static double scale(LayerProblem problem) {
    int inputs = problem.inputs();
    double trace = 0;
    for (int i = 0; i < inputs; i++) {
      trace += problem.gram()[i * (inputs + 1)];
    }
    return trace > 0 ? inputs / trace : 1;
  }

  private static void narrow(double[] values, double scale, float[] all, int group) {
    for (int i = 0; i < values.length; i++) {
      all[group * values.length + i] = (float) (values[i] * scale);
    }
  }

  /// A matrix, or one a group where there are several.
  private List<Long> shape(long rows, long columns) {
    return groups == 1 ? List.of(rows, columns) : List.of((long) groups, rows, columns);
  }

  /// @return W H of every group
  private Tensor timesGram(Tensor weights) {
    return groups == 1 ? weights.mm(gram) : weights.bmm(gram);
  }

  /// @param present W⁰ `[g, o, k]`; read only
  /// @param kept `[g, o, k]`, 1 on the support and 0 off it; read only
  /// @param steps 0 or more
  /// @return `[g, o, k]`, zero off the support; a new array
  public float[] minimise(float[] present, float[] kept, int steps) {
    try (var _ = new PointerScope()) {
      List<Long> shape = shape(outputs, inputs);
      Tensor mask = Torch.scoped(kept, shape, Precision.FLOAT32);
      Tensor weights = Torch.scoped(present, shape, Precision.FLOAT32).mul_(mask);
      Tensor residual = wanted.sub(timesGram(weights)).mul_(mask);
      Tensor direction = torch.zeros_like(weights);
      Tensor length = ones();
      for (int step = 0; step < steps; step++) {
        try (var _ = new PointerScope()) {
          Tensor scaled = residual.mul(inverseDiagonal);
          Tensor next = perChannel(residual, scaled);
          direction.mul_(next.div(length.add(tiny()))).add_(scaled);
          length.copy_(next);
          Tensor image = timesGram(direction).add_(direction, new Scalar(ridge)).mul_(mask);
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
  /// @param weights W `[g, o, k]`; read only
  /// @return `[g, o, k]`
  public float[] singleSteps(float[] weights) {
    try (var _ = new PointerScope()) {
      List<Long> shape = shape(outputs, inputs);
      Tensor present = Torch.scoped(weights, shape, Precision.FLOAT32);
      return Torch.floats(wanted.sub(timesGram(present)).mul_(inverseDiagonal));
    }
  }

  /// In the first step the direction is zero, so that what it is multiplied by does not count.
  private Tensor ones() {
    return torch.ones(Torch.longs(shape(outputs, 1)));
  }

  private static Scalar tiny() {
    return new Scalar(TINY);
  }

  /// @return `[g, o, 1]`, sums over inputs of a ∘ b
  private static Tensor perChannel(Tensor a, Tensor b) {
    return a.mul(b).sum(new long[] {-1}, true, new ScalarTypeOptional());
  }

  @Override
  public void close() {
    gram.releaseReference();
    wanted.releaseReference();
    inverseDiagonal.releaseReference();
  }
}
