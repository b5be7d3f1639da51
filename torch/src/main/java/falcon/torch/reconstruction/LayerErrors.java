package falcon.torch.reconstruction;

import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.StreamedPass;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The errors of single layers' outputs in a pruned network.
///
/// ```
/// error = Σ (y − ȳ)² / Σ ȳ²      over samples, positions and outputs; all uses of the weights
/// ```
///
/// y is what a node with the layer's weights returns in the pruned network, ȳ what it returns in
/// the dense one. Both networks run with their own values, so that y has the errors of all layers
/// before it.
public final class LayerErrors {
  private LayerErrors() {}

  /// Returns the layers whose products are values of the network, in the order of the names: those
  /// that least squares can re-fit.
  public static List<String> measurable(Network network, List<String> tensorNames) {
    var program = new GraphProgram(network);
    return tensorNames.stream()
        .filter(name -> LayerMatrix.solvable(program, name) != null)
        .toList();
  }

  /// Measures the errors.
  ///
  /// @param pruned a network of the same graph
  /// @param tensorNames layers as [#measurable] returns them
  /// @param samples samples to measure on; where the values of all of them do not fit, the first
  ///     ones that do are used
  /// @param bytes greatest size of the values of both networks, but one chunk is always run
  /// @return errors by name of the weight tensor; layers whose outputs are not finite, or all zero
  ///     in the dense network, are left out
  public static Map<String, Double> of(
      Network dense,
      Network pruned,
      List<String> tensorNames,
      SampleSource samples,
      long bytes,
      Workers workers) {
    try (var loadedDense = new LoadedNetwork(dense, Precision.FLOAT32);
        var loaded = new LoadedNetwork(pruned, Precision.FLOAT32)) {
      Map<Integer, List<Output>> outputs = outputs(loadedDense.program(), tensorNames);
      int fitting = StreamedPass.fitting(loadedDense, samples, bytes, 2);
      var sums = new LinkedHashMap<String, Sums>();
      tensorNames.forEach(name -> sums.put(name, new Sums(0, 0)));
      try (var densePass = new StreamedPass(loadedDense, samples, 0, fitting, workers);
          var pass = new StreamedPass(loaded, samples, 0, fitting, workers)) {
        List<Map<String, Sums>> parts =
            workers.map(
                pass.chunks(),
                chunk -> sums(outputs, densePass.execution(chunk), pass.execution(chunk)));
        parts.forEach(part -> part.forEach((name, sum) -> sums.merge(name, sum, Sums::plus)));
      }
      var errors = new LinkedHashMap<String, Double>();
      sums.forEach((name, sum) -> {
        double error = sum.errors() / sum.squares();
        if (Double.isFinite(error)) {
          errors.put(name, error);
        }
      });
      return errors;
    }
  }

  /// A value that a layer's weights make.
  private record Output(String tensorName, String value) {}

  /// Sums over the outputs of a layer: of squared errors, and of the dense network's squares.
  private record Sums(double errors, double squares) {
    Sums plus(Sums other) {
      return new Sums(errors + other.errors, squares + other.squares);
    }
  }

  /// Returns the values by the node that makes them, in graph order.
  private static Map<Integer, List<Output>> outputs(
      GraphProgram program, List<String> tensorNames) {
    var outputs = new TreeMap<Integer, List<Output>>();
    for (String name : tensorNames) {
      LayerMatrix layer = LayerMatrix.of(program, name);
      for (LayerMatrix.Use use : layer.products()) {
        outputs
            .computeIfAbsent(use.nodeIndex(), _ -> new ArrayList<>())
            .add(new Output(name, use.output()));
      }
    }
    return outputs;
  }

  private static Map<String, Sums> sums(
      Map<Integer, List<Output>> outputs, GraphExecution dense, GraphExecution pruned) {
    var sums = new LinkedHashMap<String, Sums>();
    for (List<Output> ofNode : outputs.values()) {
      for (Output output : ofNode) {
        dense.watch(output.value()); // values inside of a node exist only while it runs
        pruned.watch(output.value());
      }
      for (Output output : ofNode) {
        try (var _ = new PointerScope()) {
          Tensor wanted = dense.compute(output.value()).to(torch.ScalarType.Double);
          Tensor found = pruned.compute(output.value()).to(torch.ScalarType.Double);
          Sums sum =
              new Sums(
                  Torch.number(found.sub(wanted).square().sum()),
                  Torch.number(wanted.square().sum()));
          sums.merge(output.tensorName(), sum, Sums::plus);
        }
        dense.unwatch(output.value());
        pruned.unwatch(output.value());
      }
    }
    return sums;
  }
}
