package falcon.torch.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.model.ValueInfo;
import falcon.model.grid.GridCase;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.NativeLibraries;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Gradients of a weighted sum of outputs, in float64, against central differences.
@Tag("native")
@Tag("kernels")
class OperatorGradientTest {
  /// Step of the differences: rounding (1e-16 / step) and curvature (step²) stay below the
  /// tolerance.
  private static final float STEP = 1e-5f;

  private static final double TOLERANCE = 1e-6;
  private static final int ELEMENTS = 12;

  static List<GridCase> cases() {
    var cases = new ArrayList<GridCase>();
    cases.add(
        new GridCase("ConvTranspose", 13)
            .floats(2, 4, 5, 4)
            .weights(4, 3, 3, 3)
            .weights(6)
            .set("group", 2)
            .list("strides", 2, 3)
            .list("dilations", 2, 1)
            .list("pads", 1, 0, 2, 1)
            .list("output_padding", 1, 0));
    cases.add(
        new GridCase("Conv", 13)
            .floats(2, 4, 7, 6)
            .floats(6, 2, 3, 2)
            .set("group", 2)
            .set("auto_pad", "SAME_UPPER"));
    for (String pool : List.of("MaxPool", "AveragePool", "LpPool")) {
      cases.add(
          new GridCase(pool, 22)
              .positive(2, 3, 9, 8)
              .list("kernel_shape", 3, 2)
              .list("strides", 2, 3)
              .list("dilations", 2, 1)
              .list("pads", 1, 0, 2, 1)
              .set("ceil_mode", 1));
      cases.add(
          new GridCase(pool, 13).positive(2, 3, 9).list("kernel_shape", 3).list("pads", 1, 1));
    }
    for (String mode : List.of("nearest", "linear", "cubic")) {
      cases.add(
          new GridCase("Resize", 19)
              .floats(1, 2, 5, 4)
              .none()
              .none()
              .longs(1, 2, 8, 3)
              .set("mode", mode));
    }
    cases.add(
        new GridCase("Einsum", 13)
            .floats(2, 3, 2, 4)
            .floats(2, 5, 2, 4)
            .set("equation", "bqhd,bkhd->bhqk"));
    cases.add(
        new GridCase("LayerNormalization", 17)
            .floats(2, 3, 4)
            .floats(3, 4)
            .floats(3, 4)
            .set("axis", 1));
    cases.add(
        new GridCase("GroupNormalization", 18)
            .floats(2, 4, 3, 5)
            .floats(2)
            .floats(2)
            .set("num_groups", 2));
    cases.add(new GridCase("InstanceNormalization", 13).floats(2, 4, 3, 5).floats(4).floats(4));
    cases.add(new GridCase("LRN", 13).floats(2, 6, 3, 2).set("size", 3).set("alpha", 0.5));
    cases.add(new GridCase("Gather", 13).floats(4, 5, 3).longs(-1, 0, 0, 2).set("axis", 1));
    cases.add(new GridCase("GatherND", 13).floats(3, 4, 5).indices(new long[] {3, 2}, 0, 1, 2, -3));
    cases.add(
        new GridCase("GatherElements", 13).floats(3, 3).indices(new long[] {2, 3}, 0, 2, 1, -1));
    cases.add(
        new GridCase("ScatterND", 16)
            .floats(4, 3)
            .indices(new long[] {2, 1}, 0, 2)
            .floats(2, 3)
            .set("reduction", "add"));
    cases.add(new GridCase("Pad", 13).floats(3, 4).longs(0, 2, 1, 1).set("mode", "reflect"));
    cases.add(new GridCase("Slice", 13).floats(9, 6).longs(-1).longs(0).longs(0).longs(-2));
    cases.add(new GridCase("TopK", 13).floats(3, 5).longs(2));
    cases.add(new GridCase("CumSum", 13).floats(3, 5).number(1).set("reverse", 1));
    cases.add(new GridCase("ReduceLogSumExp", 13).floats(3, 5).list("axes", 1));
    cases.add(new GridCase("Softmax", 13).floats(3, 5).set("axis", 0));
    cases.add(new GridCase("Softmax", 11).floats(2, 3, 4).set("axis", 1));
    cases.add(new GridCase("HardSwish", 14).floats(3, 5));
    cases.add(new GridCase("Gelu", 20).floats(3, 5));
    cases.add(new GridCase("PRelu", 13).floats(3, 5).floats(5));
    cases.add(new GridCase("Expand", 13).floats(3, 1).longs(2, 1, 4));
    cases.add(new GridCase("GridSample", 16).floats(1, 2, 5, 4).floats(1, 3, 3, 2));
    cases.add(new GridCase("AffineGrid", 20).floats(2, 2, 3).longs(2, 1, 3, 4));
    cases.add(
        new GridCase("Col2Im", 18)
            .floats(1, 8, 15)
            .longs(5, 6)
            .longs(2, 2)
            .list("pads", 0, 1, 2, 1)
            .list("strides", 2, 1)
            .list("dilations", 1, 3));
    return cases;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void gradientsEqualDifferences(GridCase each) {
    NativeLibraries.ensureLoaded();
    Network network = each.network();
    var random = new SplittableRandom(3);
    try (var _ = new PointerScope();
        var loaded = new LoadedNetwork(network, Precision.FLOAT64)) {
      List<Tensor> inputs = inputs(each, network);
      inputs.forEach(input -> input.requires_grad_(true));
      loss(loaded, inputs).backward();
      for (int moved = 0; moved < inputs.size(); moved++) {
        double[] gradient = Torch.doubles(inputs.get(moved).grad());
        for (int i = 0; i < Math.min(ELEMENTS, gradient.length); i++) {
          int element = random.nextInt(gradient.length);
          double difference = difference(loaded, inputs, moved, element);
          assertThat(gradient[element])
              .as("element %d of %s", element, each)
              .isCloseTo(difference, within(TOLERANCE * Math.max(1, Math.abs(difference))));
        }
      }
    }
  }

  private static List<Tensor> inputs(GridCase each, Network network) {
    var inputs = new ArrayList<Tensor>();
    for (ValueInfo input : network.inputs()) {
      inputs.add(
          Torch.scoped(Objects.requireNonNull(each.inputs().get(input.name())), Precision.FLOAT64));
    }
    return inputs;
  }

  private static double difference(
      LoadedNetwork loaded, List<Tensor> inputs, int moved, int element) {
    Tensor input = inputs.get(moved);
    var step = new float[(int) input.numel()];
    step[element] = STEP;
    var shape = new ArrayList<Long>();
    for (long size : input.shape()) {
      shape.add(size);
    }
    Tensor delta = Torch.scoped(step, shape, Precision.FLOAT64);
    var above = new ArrayList<Tensor>(inputs);
    var below = new ArrayList<Tensor>(inputs);
    above.set(moved, input.detach().add(delta));
    below.set(moved, input.detach().sub(delta));
    double rise = loss(loaded, above).item_double() - loss(loaded, below).item_double();
    return rise / (2.0 * STEP);
  }

  /// Σ cos(i) y_i.
  private static Tensor loss(LoadedNetwork loaded, List<Tensor> inputs) {
    var given = inputs.stream().map(Torch::keep).toList();
    try (var execution = new GraphExecution(loaded.program(), loaded.parameters(), given, false)) {
      Tensor output = execution.runToEnd();
      Tensor weights = ReductionOperators.places(output.numel()).to(Torch.type(output)).cos();
      return output.reshape(-1).mul(weights).sum();
    }
  }
}
