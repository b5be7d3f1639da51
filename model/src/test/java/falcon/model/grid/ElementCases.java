package falcon.model.grid;

import falcon.model.DataType;
import java.util.List;

/// Operators that work element by element, and normalisation, over their options.
final class ElementCases {
  private static final long[] OPSETS = {7, 9, 13, 18, 22};

  private ElementCases() {}

  static void addTo(List<GridCase> cases) {
    for (long opset : OPSETS) {
      unary(cases, opset);
      activations(cases, opset);
      binary(cases, opset);
      whole(cases, opset);
      normalisation(cases, opset);
    }
    versions(cases);
  }

  private static void unary(List<GridCase> cases, long opset) {
    for (String name :
        List.of(
            "Relu",
            "Sigmoid",
            "Tanh",
            "Exp",
            "Neg",
            "Abs",
            "Floor",
            "Ceil",
            "Sin",
            "Cos",
            "Tan",
            "Atan",
            "Sinh",
            "Cosh",
            "Asinh",
            "Erf",
            "Softplus",
            "Softsign",
            "Sign",
            "Identity",
            "Round",
            "HardSwish",
            "Mish",
            "IsNaN",
            "IsInf",
            "Dropout")) {
      cases.add(new GridCase(name, opset).floats(2, 3, 4));
      cases.add(new GridCase(name, opset).floats(2, 3, 4, 2));
    }
    for (String name : List.of("Sqrt", "Log", "Reciprocal")) {
      cases.add(new GridCase(name, opset).positive(2, 3, 4));
    }
    cases.add(new GridCase("Acosh", opset).reals(1.5, 2, 9));
    cases.add(new GridCase("Asin", opset).reals(-0.5, 0, 0.25, 1));
    cases.add(new GridCase("Acos", opset).reals(-0.5, 0, 0.25, 1));
    cases.add(new GridCase("Atanh", opset).reals(-0.5, 0, 0.25));
    cases.add(new GridCase("Round", opset).reals(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4));
  }

  private static void activations(List<GridCase> cases, long opset) {
    for (String name :
        List.of("LeakyRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "HardSigmoid")) {
      cases.add(new GridCase(name, opset).floats(2, 3, 4));
      cases.add(new GridCase(name, opset).floats(2, 3, 4).set("alpha", 0.7));
    }
    cases.add(new GridCase("Selu", opset).floats(2, 3).set("alpha", 1.2).set("gamma", 0.8));
    cases.add(new GridCase("HardSigmoid", opset).floats(2, 3).set("alpha", 0.3).set("beta", 0.1));
    cases.add(new GridCase("PRelu", opset).floats(2, 3, 4).weights(3, 1));
    cases.add(new GridCase("PRelu", opset).floats(2, 3, 4).weights(1));
    cases.add(new GridCase("PRelu", opset).floats(2, 3, 4, 5).weights(3, 1, 1));
    cases.add(new GridCase("Shrink", opset).floats(3, 4).set("lambd", 0.4).set("bias", 0.2));
    cases.add(new GridCase("Shrink", opset).floats(3, 4));
    for (String name : List.of("Softmax", "LogSoftmax", "Hardmax")) {
      cases.add(new GridCase(name, opset).floats(2, 3, 4));
      for (long axis : new long[] {0, 1, 2, -1, -2}) {
        cases.add(new GridCase(name, opset).floats(2, 3, 4).set("axis", axis));
      }
    }
  }

  private static void binary(List<GridCase> cases, long opset) {
    long[][][] shapes = {
      {{2, 3, 4}, {2, 3, 4}}, {{2, 3, 4}, {3, 1}}, {{4}, {2, 3, 1}}, {{2, 3}, {}}
    };
    for (long[][] shape : shapes) {
      for (String name : List.of("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean")) {
        cases.add(new GridCase(name, opset).floats(shape[0]).floats(shape[1]));
        cases.add(new GridCase(name, opset).floats(shape[0]).weights(shape[1]));
      }
      for (String name : List.of("Greater", "Less", "Equal", "GreaterOrEqual", "LessOrEqual")) {
        cases.add(new GridCase(name, opset).floats(shape[0]).weights(shape[1]));
      }
      cases.add(new GridCase("Pow", opset).positive(shape[0]).floats(shape[1]));
      cases.add(new GridCase("Mod", opset).floats(shape[0]).floats(shape[1]).set("fmod", 1));
      for (String name : List.of("And", "Or", "Xor")) {
        cases.add(new GridCase(name, opset).truths(shape[0]).truths(shape[1]));
      }
      cases.add(new GridCase("Where", opset).truths(shape[0]).floats(shape[1]).floats(shape[0]));
    }
    cases.add(new GridCase("Not", opset).truths(2, 3));
    cases.add(new GridCase("Pow", opset).floats(2, 3).real(2));
    cases.add(new GridCase("Pow", opset).floats(2, 3).number(3));
    for (String name : List.of("Max", "Min", "Sum", "Mean")) {
      cases.add(new GridCase(name, opset).floats(2, 3).floats(3).floats(2, 1));
      cases.add(new GridCase(name, opset).floats(2, 3));
    }
  }

  private static void whole(List<GridCase> cases, long opset) {
    long[] shape = {2, 3};
    for (String name : List.of("Add", "Sub", "Mul", "Div", "Mod", "Equal", "Less", "Greater")) {
      cases.add(
          new GridCase(name, opset).whole(shape, 7, -7, 9, -9, 4, -6).whole(shape, 2, 2, -2, -2));
      cases.add(
          new GridCase(name, opset)
              .whole(DataType.INT32, shape, 7, -7, 9)
              .whole(DataType.INT32, shape, 2, 3, -2));
    }
    cases.add(
        new GridCase("Mod", opset).whole(shape, 7, -7, 9, -9).whole(shape, 2, -4).set("fmod", 1));
    cases.add(new GridCase("Pow", opset).whole(shape, 1, 2, 3).whole(shape, 3, 2, 1));
    for (String name : List.of("Max", "Min")) {
      cases.add(new GridCase(name, opset).whole(shape, 1, -2, 3).whole(shape, 0, 5));
    }
    for (String name : List.of("Neg", "Abs", "Sign")) {
      cases.add(new GridCase(name, opset).whole(shape, 1, -2, 0));
    }
    for (long type : new long[] {1, 6, 7, 9, 11, 2, 3}) {
      cases.add(new GridCase("Cast", opset).positive(2, 3).set("to", type));
      cases.add(new GridCase("Cast", opset).whole(shape, 0, 1, 5, 0).set("to", type));
      cases.add(new GridCase("Cast", opset).truths(shape).set("to", type));
    }
    cases.add(new GridCase("Cast", opset).reals(-2.7, -0.5, 0.5, 2.7).set("to", 7));
    cases.add(
        new GridCase("BitShift", opset)
            .whole(DataType.UINT8, shape, 16, 4, 1)
            .whole(DataType.UINT8, shape, 1, 2, 3)
            .set("direction", "LEFT"));
    for (String name : List.of("BitwiseAnd", "BitwiseOr", "BitwiseXor")) {
      cases.add(new GridCase(name, opset).whole(shape, 5, 12, -3).whole(shape, 6, 10));
    }
    cases.add(new GridCase("BitwiseNot", opset).whole(shape, 5, 12, -3));
  }

  private static void normalisation(List<GridCase> cases, long opset) {
    for (long[] shape : new long[][] {{3, 4}, {2, 4, 5}, {2, 4, 5, 3}, {2, 4, 2, 3, 3}}) {
      for (double epsilon : new double[] {1e-5, 0.1}) {
        cases.add(
            new GridCase("BatchNormalization", opset)
                .floats(shape)
                .aroundOne(4)
                .weights(4)
                .weights(4)
                .aroundOne(4)
                .set("epsilon", epsilon));
        cases.add(
            new GridCase("InstanceNormalization", opset)
                .floats(shape)
                .weights(4)
                .weights(4)
                .set("epsilon", epsilon));
        for (long p : new long[] {1, 2}) {
          cases.add(
              new GridCase("LpNormalization", opset).floats(shape).set("p", p).set("axis", 1));
        }
      }
    }
    for (long size : new long[] {1, 2, 3, 5}) {
      cases.add(
          new GridCase("LRN", opset)
              .floats(2, 6, 3, 2)
              .set("size", size)
              .set("alpha", 0.5)
              .set("beta", 0.6)
              .set("bias", 1.5));
    }
    cases.add(new GridCase("LRN", opset).floats(2, 6, 3, 2).set("size", 3));
    cases.add(new GridCase("MeanVarianceNormalization", opset).floats(2, 3, 4, 5));
    cases.add(new GridCase("MeanVarianceNormalization", opset).floats(2, 3, 4).list("axes", 1, 2));
  }

  private static void versions(List<GridCase> cases) {
    for (long opset : new long[] {7, 10}) {
      cases.add(new GridCase("Clip", opset).floats(3, 4).set("min", -0.3).set("max", 0.4));
      cases.add(new GridCase("Clip", opset).floats(3, 4).set("min", -0.3));
      cases.add(new GridCase("Clip", opset).floats(3, 4));
    }
    for (long opset : new long[] {11, 13, 22}) {
      cases.add(new GridCase("Clip", opset).floats(3, 4).real(-0.3).real(0.4));
      cases.add(new GridCase("Clip", opset).floats(3, 4).none().real(0.4));
      cases.add(new GridCase("Clip", opset).floats(3, 4).real(0.1));
      cases.add(new GridCase("Clip", opset).floats(3, 4));
      cases.add(new GridCase("Clip", opset).whole(new long[] {4}, -5, 1, 9).number(-2).number(3));
      cases.add(new GridCase("IsInf", opset).reals(1, Double.POSITIVE_INFINITY));
      for (long positive : new long[] {0, 1}) {
        for (long negative : new long[] {0, 1}) {
          cases.add(
              new GridCase("IsInf", opset)
                  .reals(1, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN)
                  .set("detect_positive", positive)
                  .set("detect_negative", negative));
        }
      }
      cases.add(new GridCase("IsNaN", opset).reals(1, Double.NaN));
    }
    for (long opset : new long[] {20, 22}) {
      for (String approximate : List.of("none", "tanh")) {
        cases.add(new GridCase("Gelu", opset).floats(3, 4).set("approximate", approximate));
      }
    }
    cases.add(new GridCase("Swish", 24).floats(3, 4));
    cases.add(new GridCase("Swish", 24).floats(3, 4).set("alpha", 0.6));
    cases.add(new GridCase("CastLike", 15).floats(2, 3).whole(new long[] {1}, 1));
    for (long opset : new long[] {17, 22}) {
      for (long axis : new long[] {-1, 1, 2, -2}) {
        long[] scale = axis == -1 || axis == 2 ? new long[] {4} : new long[] {3, 4};
        cases.add(
            new GridCase("LayerNormalization", opset)
                .floats(2, 3, 4)
                .weights(scale)
                .weights(scale)
                .set("axis", axis)
                .set("epsilon", 0.01)
                .outputs(3));
        cases.add(
            new GridCase("LayerNormalization", opset)
                .floats(2, 3, 4)
                .weights(scale)
                .set("axis", axis));
      }
    }
    for (long groups : new long[] {1, 2, 4}) {
      cases.add(groups(18, groups, groups));
      cases.add(groups(21, groups, 4));
      cases.add(groups(22, groups, 4));
    }
    cases.add(new GridCase("RMSNormalization", 23).floats(2, 3, 4).weights(4));
    cases.add(new GridCase("RMSNormalization", 23).floats(2, 3, 4).weights(3, 4).set("axis", 1));
  }

  private static GridCase groups(long opset, long groups, long scales) {
    return new GridCase("GroupNormalization", opset)
        .floats(2, 4, 3, 5)
        .weights(scales)
        .weights(scales)
        .set("num_groups", groups)
        .set("epsilon", 0.01);
  }
}
