package falcon.torch.operator;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.torch.Torch;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// Operators that create values from sizes alone.
final class CreationOperators {
  private CreationOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("ConstantOfShape", Operator.of(CreationOperators::constantOfShape));
    all.put("Range", Operator.of(CreationOperators::range));
    all.put("EyeLike", Operator.of(CreationOperators::eyeLike));
  }

  private static Tensor constantOfShape(Operands in) {
    long[] shape = in.longs(0);
    Attribute value = in.node().attributes().get("value");
    return switch (value) {
      case null -> torch.zeros(shape, new TensorOptions(in.precision().scalarType()));
      case Attribute.TensorValue(falcon.model.Tensor tensor) when tensor.size() == 1 -> {
        Tensor number = Torch.scoped(tensor, in.precision()).reshape(new long[0]);
        yield number.expand(shape).clone();
      }
      default -> throw in.unsupported("its value is not one number");
    };
  }

  /// Computes start, start + delta, … before limit.
  private static Tensor range(Operands in) {
    Tensor start = in.get(0).reshape(new long[0]);
    Tensor delta = in.get(2).reshape(new long[0]);
    double room = Torch.number(in.get(1)) - Torch.number(start);
    double step = Torch.number(delta);
    if (step == 0) {
      throw in.unsupported("its step is 0");
    }
    long count = Math.max(0, (long) Math.ceil(room / step));
    Tensor places = ReductionOperators.places(count).to(Torch.type(start));
    return places.mul(delta).add(start);
  }

  private static Tensor eyeLike(Operands in) {
    Tensor x = in.x();
    torch.ScalarType type = Torch.type(x);
    if (in.node().attributes().containsKey("dtype")) {
      DataType wanted = DataType.ofOnnxCode((int) in.node().integer("dtype", 0));
      if (wanted == null) {
        throw in.unsupported("it makes elements of type " + in.node().integer("dtype", 0));
      }
      type = Torch.scalarType(wanted, in.precision());
    }
    Tensor rows = ReductionOperators.places(x.size(0)).unsqueeze(1);
    Tensor columns = ReductionOperators.places(x.size(1)).unsqueeze(0);
    return columns.sub(rows).eq(new Scalar(in.node().integer("k", 0))).to(type);
  }
}
