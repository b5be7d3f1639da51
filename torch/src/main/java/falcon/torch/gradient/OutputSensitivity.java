package falcon.torch.gradient;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/// How much the outputs of a network react to its parameters: the mean over samples of the squared
/// slopes of all outputs.
///
/// ```
/// d_i = E ‖∂ outputs / ∂ θ_i‖²
/// ```
///
/// the diagonal of the Gauss-Newton matrix of the outputs' squared distance. It is estimated by
/// random signs: the squares of the gradient of a sample's `Σ ± output` have the sum of the squared
/// slopes of all its outputs as their mean (Hutchinson 1990). `θ_i² d_i` does not depend on the
/// unit of a parameter: with θ_i times s the slopes become those over s.
public final class OutputSensitivity {
  /// Number of gradients, of a sample each, where the network takes few samples at a time; where
  /// there are fewer samples, their signs are drawn several times.
  private static final int GRADIENTS = 256;

  /// Least number of gradients.
  private static final int LEAST_GRADIENTS = 32;

  /// Number of samples from which on a network that takes them all together makes fewer gradients.
  private static final int FEW_TOGETHER = 8;

  private OutputSensitivity() {}

  /// Estimates the squared slopes.
  ///
  /// @param names parameters; they are switched to require gradients
  /// @param samples the samples of the mean, at least one; the first 256 at most are used
  /// @param seed seed of the signs
  /// @return d of each tensor, in units common to all; zero where no output depends on an element;
  ///     the same bits for any number of threads
  public static Map<String, float[]> of(
      LoadedNetwork network, List<String> names, SampleSource samples, long seed, Workers workers) {
    int together = network.batchSize(1);
    int gradients = Math.clamp(GRADIENTS * FEW_TOGETHER / together, LEAST_GRADIENTS, GRADIENTS);
    var found = new LinkedHashMap<String, float[]>();
    names.forEach(
        name -> found.put(name, new float[network.program().network().tensor(name).size()]));
    new LossGradients(network, names, List.of(), false, workers)
        .computeSquares(
            gradients,
            number -> samples.batch(number % samples.size(), number % samples.size() + 1),
            (execution, _, number) -> {
              Tensor outputs = execution.runToEnd();
              network.requireReal(outputs);
              Tensor own = together > 1 ? outputs.narrow(0, 0, 1) : outputs;
              float[] signs = PerSampleGradients.signs(seed, number, Math.toIntExact(own.numel()));
              Tensor signed =
                  Torch.scoped(signs, List.of((long) signs.length), Precision.FLOAT32)
                      .to(Torch.type(own));
              return own.reshape(-1).mul(signed).sum();
            },
            List.copyOf(found.values()));
    return found;
  }
}
