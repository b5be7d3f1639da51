package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every network of `models/narrow`, all the way through.
class ModelSuiteTest {
  /// Greatest difference of outputs, relative to the greatest output.
  private static final double PRECISION = 1e-4;

  /// The same where ONNX Runtime computes in float16.
  private static final double HALF_PRECISION = 1e-2;

  private static final int SAMPLES = 4;

  /// Samples of noise to prune by.
  private static final int DATA_SAMPLES = 60;

  /// Networks that are pruned by falcon, too: float16, groups and shuffled channels, external
  /// tensors, windows of attention, tied weights, recurrent ones.
  private static final Set<String> REFITTED =
      Set.of("resnet18", "shufflenet_v2_x1_0", "regnet_y_400mf", "swin_t", "causal", "lstm");

  @TempDir private Path folder;

  static Stream<SuiteNetwork> networks() {
    return SuiteNetwork.all().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void outputsAreThoseOfOnnxRuntime(SuiteNetwork suite) throws OrtException {
    Network network = Networks.read(suite.file());
    requireParity(suite, network, suite.file());
  }

  /// Weights of half the MACs, by magnitude: written, read again, counted, executed by both.
  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void prunedByMagnitudeItIsWrittenAsCountedAndExecutedAlike(SuiteNetwork suite)
      throws OrtException {
    Network network = Networks.read(suite.file());
    boolean isCounted = Layers.of(network).isCounted();
    PrunedNetwork pruned =
        Falcon.prune(network, isCounted ? BudgetRequest.macs(0.5) : BudgetRequest.nnz(0.5))
            .options(
                PruningOptions.builder()
                    .method(Method.MAGNITUDE)
                    .floors(List.of(KeepFloor.parse("10%")))
                    .threads(1)
                    .build())
            .run();
    Path file = folder.resolve("pruned.onnx");
    Networks.write(pruned.network(), file);
    Network written = Networks.read(file);
    requireParity(suite, written, file);
    requireBudgets(pruned, written);
    requireUntouched(network, pruned, written);
  }

  static Stream<SuiteNetwork> someNetworks() {
    return networks().filter(suite -> REFITTED.contains(suite.name()));
  }

  /// The same by falcon on samples of noise: weights, biases and running means move, nothing else
  /// does. Four fifths of the MACs stay: with less, random weights lose what they compute.
  @ParameterizedTest(name = "{0}")
  @MethodSource("someNetworks")
  void prunedByFalconItIsWrittenAsCountedAndExecutedAlike(SuiteNetwork suite)
      throws IOException, OrtException {
    Network network = Networks.read(suite.file());
    Path arrays = Files.createDirectory(folder.resolve("arrays"));
    PrunedNetwork pruned =
        Falcon.prune(network, suite.data(arrays, DATA_SAMPLES), BudgetRequest.macs(0.8))
            .options(
                PruningOptions.builder().method(Method.FALCON).loss(Loss.SELF).threads(1).build())
            .method(
                new ReconstructionMethod(
                    ReconstructionMethod.defaults(Method.FALCON).withSteps(2),
                    MaskProjection.EXACT))
            .run();
    assertThat(pruned.network().nodes()).isEqualTo(network.nodes());
    Path file = folder.resolve("pruned.onnx");
    Networks.write(pruned.network(), file);
    Network written = Networks.read(file);
    requireParity(suite, written, file);
    requireBudgets(pruned, written);
    assertThat(written.initializers().keySet()).isEqualTo(network.initializers().keySet());
  }

  private static void requireBudgets(PrunedNetwork pruned, Network written) {
    long nnz = 0;
    long macs = 0;
    for (Layer layer : Layers.of(written).prunable()) {
      int kept = 0;
      for (float weight : written.tensor(layer.tensor()).toFloats()) {
        kept += weight != 0 ? 1 : 0;
      }
      nnz += kept;
      macs += kept * layer.macsPerWeight();
    }
    assertThat(nnz).isLessThanOrEqualTo(pruned.plan().budget().maxNnz());
    assertThat(nnz).isLessThanOrEqualTo(pruned.report().nnz().used());
    if (pruned.plan().isCounted()) {
      assertThat(macs).isLessThanOrEqualTo(pruned.plan().budget().maxMacs());
    }
  }

  private static void requireUntouched(Network network, PrunedNetwork pruned, Network written) {
    Set<String> changed =
        pruned.plan().layers().stream()
            .map(PruningPlan.PrunableLayer::name)
            .collect(Collectors.toSet());
    assertThat(written.nodes()).isEqualTo(network.nodes());
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (!changed.contains(name)) {
            assertThat(written.tensor(name)).as(name).isEqualTo(tensor);
          }
        });
  }

  private static void requireParity(SuiteNetwork suite, Network network, Path file)
      throws OrtException {
    SampleSource samples = suite.samples(suite.isFixedBatch() ? 1 : SAMPLES);
    float[] wanted = suite.onnxRuntime(file, samples);
    double greatest = 0;
    for (float value : wanted) {
      greatest = Math.max(greatest, Math.abs(value));
    }
    assertThat(greatest).as("outputs that are not all zero").isPositive();
    try (var workers = new Workers(1)) {
      Logits found = Evaluation.logits(network, samples, workers);
      for (int i = 0; i < wanted.length; i++) {
        assertThat((double) found.value(i / found.classes(), i % found.classes()))
            .as("output %d of %s", i, suite)
            .isCloseTo(wanted[i], within((suite.isHalf() ? HALF_PRECISION : PRECISION) * greatest));
      }
    }
  }
}
