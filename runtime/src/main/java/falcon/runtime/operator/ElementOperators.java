package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import falcon.model.DataType;
import falcon.model.Node;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;

/// Functions of one element, and conversions between types.
final class ElementOperators {
  /// Elements that are computed at a time: they stay in the first-level cache.
  static final int BLOCK = 2048;

  /// First opset in which Clip has its bounds as inputs.
  private static final long CLIP_INPUTS = 11;

  private static final float SELU_ALPHA = 1.6732632f;

  private static final float SELU_GAMMA = 1.050701f;

  private ElementOperators() {}

  /// A function of the first elements of an array, in place.
  @FunctionalInterface
  interface BlockFunction {
    void apply(float[] x, int n, Workspace workspace);
  }

  /// A function of one number.
  @FunctionalInterface
  interface Single {
    float of(float x);
  }

  static void addTo(Map<String, Operator> all) {
    activation(all, "Relu", Activation.Kind.RELU);
    activation(all, "Sigmoid", Activation.Kind.SIGMOID);
    activation(all, "Tanh", Activation.Kind.TANH);
    activation(all, "Erf", Activation.Kind.ERF);
    activation(all, "Exp", Activation.Kind.EXP);
    for (String name : new String[] {"LeakyRelu", "Clip", "HardSigmoid", "HardSwish"}) {
      all.put(name, Operator.of(ElementOperators::activationStep));
    }
    all.put("Gelu", Operator.of(ElementOperators::activationStep));
    all.put("Swish", Operator.of(ElementOperators::activationStep));
    addCurves(all);
    addSingles(all);
    addWhole(all);
    Operator cast =
        new Operator(
            (in, _) -> castType(in.node(), in), ElementOperators::cast, Operator.Kind.VIEW);
    all.put("Cast", cast);
    all.put("CastLike", cast.making((in, _) -> in.in(1).type()));
    all.put("IsNaN", truth(Float::isNaN));
    all.put("IsInf", Operator.of(DataType.BOOL, ElementOperators::isInfinite));
    all.put("Not", Operator.of(ElementOperators::not));
  }

  private static void activation(Map<String, Operator> all, String name, Activation.Kind kind) {
    var activation = new Activation(kind, 0, 0);
    all.put(name, Operator.of(in -> whole(in, activation, name)));
  }

  /// Relu of whole numbers is exact, too.
  private static Step whole(Operands in, Activation activation, String name) {
    if (in.in(0).storage() == Storage.WHOLE && name.equals("Relu")) {
      return wholes(in, x -> Math.max(x, 0));
    }
    return blocks(in, activation::apply);
  }

  private static void addCurves(Map<String, Operator> all) {
    all.put("Elu", single(in -> elu(real(in, "alpha", 1), 1)));
    all.put(
        "Selu", single(in -> elu(real(in, "alpha", SELU_ALPHA), real(in, "gamma", SELU_GAMMA))));
    all.put("Celu", single(in -> celu(real(in, "alpha", 1))));
    all.put("ThresholdedRelu", single(in -> above(real(in, "alpha", 1))));
    all.put("Softplus", single(_ -> ElementOperators::softplus));
    all.put("Softsign", single(_ -> x -> x / (1 + Math.abs(x))));
    all.put("Mish", single(_ -> x -> x * (float) Math.tanh(softplus(x))));
    all.put("Shrink", single(in -> shrink(real(in, "lambd", 0.5f), real(in, "bias", 0))));
  }

  private static float real(Operands in, String attribute, float absent) {
    return in.node().real(attribute, absent);
  }

  private static Single elu(float alpha, float scale) {
    return x -> scale * (x > 0 ? x : alpha * (float) Math.expm1(x));
  }

  private static Single celu(float alpha) {
    return x ->
        Math.max(0, x) + Math.min(0, alpha * (float) Math.expm1((double) x / (double) alpha));
  }

  private static Single above(float edge) {
    return x -> x > edge || Float.isNaN(x) ? x : 0;
  }

  private static Single shrink(float edge, float bias) {
    return x -> x < -edge ? x + bias : x > edge ? x - bias : Float.isNaN(x) ? x : 0;
  }

  private static float softplus(float x) {
    return (float) (Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs((double) x))));
  }

  private static void addSingles(Map<String, Operator> all) {
    all.put("Log", single(_ -> x -> (float) Math.log(x)));
    all.put("Sin", single(_ -> x -> (float) Math.sin(x)));
    all.put("Cos", single(_ -> x -> (float) Math.cos(x)));
    all.put("Tan", single(_ -> x -> (float) Math.tan(x)));
    all.put("Asin", single(_ -> x -> (float) Math.asin(x)));
    all.put("Acos", single(_ -> x -> (float) Math.acos(x)));
    all.put("Atan", single(_ -> x -> (float) Math.atan(x)));
    all.put("Sinh", single(_ -> x -> (float) Math.sinh(x)));
    all.put("Cosh", single(_ -> x -> (float) Math.cosh(x)));
    all.put("Asinh", single(_ -> ElementOperators::asinh));
    all.put("Acosh", single(_ -> x -> (float) Math.log(x + Math.sqrt((double) x * x - 1))));
    all.put("Atanh", single(_ -> x -> (float) (0.5 * (Math.log1p(x) - Math.log1p(-x)))));
    all.put("Sqrt", Operator.of(in -> blocks(in, ElementOperators::sqrt)));
    all.put("Reciprocal", single(_ -> x -> 1 / x));
  }

  private static float asinh(float x) {
    double a = Math.abs((double) x);
    return (float) Math.copySign(Math.log1p(a + a * a / (1 + Math.sqrt(1 + a * a))), x);
  }

  private static void sqrt(float[] x, int n, Workspace workspace) {
    for (int i = 0; i < n; i++) {
      x[i] = (float) Math.sqrt(x[i]);
    }
  }

  private static void addWhole(Map<String, Operator> all) {
    any(all, "Neg", x -> -x, x -> -x);
    any(all, "Abs", Math::abs, Math::abs);
    any(all, "Sign", Math::signum, Long::signum);
    any(all, "Floor", x -> (float) Math.floor(x), x -> x);
    any(all, "Ceil", x -> (float) Math.ceil(x), x -> x);
    any(all, "Round", x -> (float) Math.rint(x), x -> x);
    all.put("BitwiseNot", Operator.of(in -> wholes(in, x -> ~x)));
  }

  private static void any(
      Map<String, Operator> all, String name, Single real, LongUnaryOperator whole) {
    all.put(
        name,
        Operator.of(in ->
            in.in(0).storage() == Storage.WHOLE ? wholes(in, whole) : blocks(in, each(real))));
  }

  private static Operator single(Function<Operands, Single> function) {
    return Operator.of(in -> blocks(in, each(function.apply(in))));
  }

  private static BlockFunction each(Single function) {
    return (x, n, _) -> {
      for (int i = 0; i < n; i++) {
        x[i] = function.of(x[i]);
      }
    };
  }

  /// Creates the step that applies a function to blocks of elements.
  static Step blocks(Operands in, BlockFunction function) {
    in.real(0);
    MemorySegment x = in.memory(0);
    MemorySegment y = in.out().memory();
    int count = in.out().elements();
    int parts = Step.parts(count, count);
    return new Step() {
      @Override
      public int parts() {
        return parts;
      }

      @Override
      public void run(int part, Workspace workspace) {
        float[] block = workspace.floats(0, BLOCK);
        int end = Step.begin(part + 1, parts, count);
        for (int i = Step.begin(part, parts, count); i < end; i += BLOCK) {
          int n = Math.min(BLOCK, end - i);
          MemorySegment.copy(x, JAVA_FLOAT, 4L * i, block, 0, n);
          function.apply(block, n, workspace);
          MemorySegment.copy(block, 0, y, JAVA_FLOAT, 4L * i, n);
        }
      }
    };
  }

  private static Step wholes(Operands in, LongUnaryOperator function) {
    if (in.in(0).storage() != Storage.WHOLE) {
      throw in.unsupported("its input has elements of type %s".formatted(in.in(0).type()));
    }
    MemorySegment x = in.memory(0);
    MemorySegment y = in.out().memory();
    int count = in.out().elements();
    DataType type = in.out().type();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        long result = function.applyAsLong(x.getAtIndex(JAVA_LONG, i));
        y.setAtIndex(JAVA_LONG, i, Storage.wrapped(type, result));
      }
    };
  }

  private static Step activationStep(Operands in) {
    if (in.in(0).storage() == Storage.WHOLE && in.node().is("Clip")) {
      long least = in.has(1) ? in.longs(1)[0] : Long.MIN_VALUE;
      long most = in.has(2) ? in.longs(2)[0] : Long.MAX_VALUE;
      return wholes(in, x -> Math.min(Math.max(x, least), most));
    }
    return blocks(in, activation(in)::apply);
  }

  /// Returns the activation that a node is.
  ///
  /// @throws falcon.model.UnusableNodeException if its bounds are only known when the network runs
  static Activation activation(Operands in) {
    Node node = in.node();
    return switch (node.opType()) {
      case "Relu" -> new Activation(Activation.Kind.RELU, 0, 0);
      case "Sigmoid" -> new Activation(Activation.Kind.SIGMOID, 0, 0);
      case "Tanh" -> new Activation(Activation.Kind.TANH, 0, 0);
      case "LeakyRelu" -> new Activation(Activation.Kind.LEAKY_RELU, node.real("alpha", 0.01f), 0);
      case "HardSigmoid" ->
          new Activation(
              Activation.Kind.HARD_SIGMOID, node.real("alpha", 0.2f), node.real("beta", 0.5f));
      case "HardSwish" -> new Activation(Activation.Kind.HARD_SWISH, 0, 0);
      case "Swish" -> new Activation(Activation.Kind.SWISH, node.real("alpha", 1), 0);
      case "Gelu" ->
          new Activation(
              node.text("approximate", "none").equals("tanh")
                  ? Activation.Kind.GELU_TANH
                  : Activation.Kind.GELU,
              0,
              0);
      case "Clip" -> clip(in);
      default -> throw in.unsupported("it is no activation");
    };
  }

  private static Activation clip(Operands in) {
    float least = Float.NEGATIVE_INFINITY;
    float most = Float.POSITIVE_INFINITY;
    if (in.opset() < CLIP_INPUTS) {
      least = in.node().real("min", least);
      most = in.node().real("max", most);
    } else {
      least = (float) in.number(1, least);
      most = (float) in.number(2, most);
    }
    return new Activation(Activation.Kind.CLIP, least, most);
  }

  private interface Test {
    boolean of(float x);
  }

  private static Operator truth(Test test) {
    return Operator.of(DataType.BOOL, in -> tested(in, test));
  }

  private static Step tested(Operands in, Test test) {
    in.real(0);
    MemorySegment x = in.memory(0);
    MemorySegment y = in.out().memory();
    int count = in.out().elements();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        y.set(JAVA_BYTE, i, (byte) (test.of(x.getAtIndex(JAVA_FLOAT, i)) ? 1 : 0));
      }
    };
  }

  private static Step isInfinite(Operands in) {
    boolean positive = in.node().integer("detect_positive", 1) != 0;
    boolean negative = in.node().integer("detect_negative", 1) != 0;
    return tested(in, x -> Float.isInfinite(x) && (x > 0 ? positive : negative));
  }

  private static Step not(Operands in) {
    MemorySegment x = in.memory(0);
    MemorySegment y = in.out().memory();
    int count = in.out().elements();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        y.set(JAVA_BYTE, i, (byte) (x.get(JAVA_BYTE, i) == 0 ? 1 : 0));
      }
    };
  }

  private static DataType castType(Node node, Operands in) {
    DataType type = DataType.ofOnnxCode((int) node.integer("to", 0));
    if (type == null) {
      throw in.unsupported("it makes elements of type %d".formatted(node.integer("to", 0)));
    }
    return type;
  }

  /// Converts between types; real numbers become whole by truncation, within 64 bits.
  private static Step cast(Operands in) {
    Storage from = in.in(0).storage();
    Storage to = in.out().storage();
    MemorySegment x = in.memory(0);
    MemorySegment y = in.out().memory();
    int count = in.out().elements();
    DataType type = in.out().type();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        switch (from) {
          case REAL -> convert(x.getAtIndex(JAVA_FLOAT, i), y, i, to, type);
          case WHOLE -> convert(x.getAtIndex(JAVA_LONG, i), y, i, to, type);
          case TRUTH -> convert((long) x.get(JAVA_BYTE, i), y, i, to, type);
        }
      }
    };
  }

  private static void convert(float value, MemorySegment y, int i, Storage to, DataType type) {
    switch (to) {
      case REAL -> y.setAtIndex(JAVA_FLOAT, i, value);
      case WHOLE -> y.setAtIndex(JAVA_LONG, i, Storage.wrapped(type, (long) value));
      case TRUTH -> y.set(JAVA_BYTE, i, (byte) (value == 0 ? 0 : 1));
    }
  }

  private static void convert(long value, MemorySegment y, int i, Storage to, DataType type) {
    switch (to) {
      case REAL -> y.setAtIndex(JAVA_FLOAT, i, (float) value);
      case WHOLE -> y.setAtIndex(JAVA_LONG, i, Storage.wrapped(type, value));
      case TRUTH -> y.set(JAVA_BYTE, i, (byte) (value == 0 ? 0 : 1));
    }
  }
}
