package falcon.torch.operator;

import falcon.model.operator.RecurrentActivation;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Computes the functions of a recurrent node.
final class RecurrentFunction {
  private RecurrentFunction() {}

  static Tensor of(RecurrentActivation activation, Tensor x) {
    Scalar a = new Scalar(activation.alpha());
    Scalar b = new Scalar(activation.beta());
    return switch (activation.kind()) {
      case SIGMOID -> x.sigmoid();
      case TANH -> x.tanh();
      case RELU -> x.relu();
      case AFFINE -> x.mul(a).add(b);
      case LEAKYRELU -> torch.leaky_relu(x, a);
      case THRESHOLDEDRELU -> torch.where(x.gt(a), x, new Scalar(0.0));
      case SCALEDTANH -> x.mul(b).tanh().mul(a);
      case HARDSIGMOID ->
          x.mul(a)
              .add(b)
              .clamp(new ScalarOptional(new Scalar(0.0)), new ScalarOptional(new Scalar(1.0)));
      case ELU -> torch.elu(x, a, new Scalar(1.0), new Scalar(1.0));
      case SOFTSIGN -> x.div(x.abs().add(new Scalar(1.0)));
      case SOFTPLUS -> torch.softplus(x);
    };
  }
}
