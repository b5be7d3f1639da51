package falcon.torch.operator;

import falcon.torch.Torch;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Activations: functions of one element, or of the elements along an axis.
final class ActivationOperators {
  /// First opset in which Softmax is along one axis.
  private static final long PER_AXIS_SOFTMAX = 13;

  /// First opset in which Clip has its bounds as inputs.
  private static final long CLIP_INPUTS = 11;

  /// Selu's constants, from ONNX.
  private static final float SELU_ALPHA = 1.6732632f;

  private static final float SELU_GAMMA = 1.050701f;

  private ActivationOperators() {}

  static void addTo(Map<String, Operator> all) {
    fresh(all, "Relu", in -> in.isOverwritable(0) ? in.x().relu_() : in.x().relu());
    add(all, "LeakyRelu", in -> torch.leaky_relu(in.x(), real(in, "alpha", 0.01f)));
    add(all, "PRelu", ActivationOperators::pRelu);
    add(all, "ThresholdedRelu", ActivationOperators::thresholdedRelu);
    add(all, "Clip", ActivationOperators::clip);
    fresh(all, "Sigmoid", in -> in.isOverwritable(0) ? in.x().sigmoid_() : in.x().sigmoid());
    fresh(all, "HardSigmoid", ActivationOperators::hardSigmoid);
    fresh(all, "HardSwish", in -> torch.hardswish(in.x()));
    add(all, "Swish", ActivationOperators::swish);
    add(all, "Mish", in -> torch.mish(in.x()));
    fresh(all, "Tanh", in -> in.x().tanh());
    add(all, "Gelu", in -> torch.gelu(in.x(), in.node().text("approximate", "none")));
    add(all, "Elu", in -> elu(in.x(), in.node().real("alpha", 1), 1));
    add(all, "Selu", ActivationOperators::selu);
    add(all, "Celu", in -> torch.celu(in.x(), real(in, "alpha", 1)));
    add(all, "Softplus", in -> torch.softplus(in.x()));
    add(all, "Softsign", in -> in.x().div(in.x().abs().add(new Scalar(1.0))));
    add(all, "Shrink", ActivationOperators::shrink);
    add(all, "Softmax", in -> alongAxis(in, (x, axis) -> x.softmax(axis, keptType())));
    add(all, "LogSoftmax", in -> alongAxis(in, (x, axis) -> x.log_softmax(axis, keptType())));
    add(all, "Hardmax", in -> alongAxis(in, ActivationOperators::hardmax));
  }

  private static void add(Map<String, Operator> all, String name, Operator.Single operator) {
    all.put(name, Operator.of(operator));
  }

  /// Adds an operator whose result is a new tensor.
  private static void fresh(Map<String, Operator> all, String name, Operator.Single operator) {
    all.put(name, Operator.of(operator).fresh());
  }

  private interface AlongAxis {
    Tensor run(Tensor x, long axis);
  }

  private static Scalar real(Operands in, String attribute, float absent) {
    return new Scalar((double) in.node().real(attribute, absent));
  }

  private static ScalarTypeOptional keptType() {
    return new ScalarTypeOptional();
  }

  private static Tensor pRelu(Operands in) {
    Tensor x = in.x();
    return torch.where(x.lt(new Scalar(0.0)), x.mul(in.y()), x);
  }

  private static Tensor thresholdedRelu(Operands in) {
    Tensor x = in.x();
    return torch.where(x.gt(real(in, "alpha", 1)), x, new Scalar(0.0));
  }

  private static Tensor clip(Operands in) {
    boolean hasInputs = in.opset() >= CLIP_INPUTS;
    ScalarOptional least = hasInputs ? bound(in.tensor(1)) : bound(in, "min");
    ScalarOptional most = hasInputs ? bound(in.tensor(2)) : bound(in, "max");
    if (!least.has_value() && !most.has_value()) {
      return in.x().alias();
    }
    return in.isOverwritable(0) ? in.x().clamp_(least, most) : in.x().clamp(least, most);
  }

  private static ScalarOptional bound(Operands in, String attribute) {
    return in.node().attributes().containsKey(attribute)
        ? new ScalarOptional(real(in, attribute, 0))
        : new ScalarOptional();
  }

  private static ScalarOptional bound(@Nullable Tensor bound) {
    return bound == null ? new ScalarOptional() : new ScalarOptional(Torch.scalar(bound));
  }

  private static Tensor hardSigmoid(Operands in) {
    return in.x()
        .mul(real(in, "alpha", 0.2f))
        .add_(real(in, "beta", 0.5f))
        .clamp_(new ScalarOptional(new Scalar(0.0)), new ScalarOptional(new Scalar(1.0)));
  }

  private static Tensor swish(Operands in) {
    float alpha = in.node().real("alpha", 1);
    return alpha == 1
        ? torch.silu(in.x())
        : in.x().mul(in.x().mul(new Scalar((double) alpha)).sigmoid());
  }

  private static Tensor selu(Operands in) {
    return elu(in.x(), in.node().real("alpha", SELU_ALPHA), in.node().real("gamma", SELU_GAMMA));
  }

  private static Tensor elu(Tensor x, float alpha, float scale) {
    return torch.elu(x, new Scalar((double) alpha), new Scalar((double) scale), new Scalar(1.0));
  }

  /// Computes `Shrink`: x + bias below −λ, x − bias above λ, 0 between.
  ///
  /// Source: ONNX operator specification, Shrink.
  private static Tensor shrink(Operands in) {
    Tensor x = in.x();
    float edge = in.node().real("lambd", 0.5f);
    Scalar bias = real(in, "bias", 0);
    Tensor shrunk =
        torch.where(
            x.lt(new Scalar((double) -edge)),
            x.add(bias),
            torch.where(x.gt(new Scalar((double) edge)), x.sub(bias), torch.zeros_like(x)));
    return shrunk.to(Torch.type(x));
  }

  /// Applies a function along an axis; up to opset 12 the axes from the given one on are flattened
  /// into one.
  private static Tensor alongAxis(Operands in, AlongAxis function) {
    Tensor x = in.x();
    if (in.opset() >= PER_AXIS_SOFTMAX) {
      return function.run(x, in.axis(-1));
    }
    return function.run(RearrangementOperators.flatten(in), 1).reshape(x.shape());
  }

  private static Tensor hardmax(Tensor x, long axis) {
    Tensor largest = ReductionOperators.firstLargest(x, axis, true);
    return torch.zeros_like(x).scatter(axis, largest, new Scalar(1.0));
  }
}
