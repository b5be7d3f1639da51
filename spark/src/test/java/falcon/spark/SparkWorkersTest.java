package falcon.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import falcon.prune.Falcon;
import falcon.prune.WorkPlace;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import falcon.prune.report.PrunedNetwork;
import falcon.torch.Precision;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.execution.ChunkJob;
import falcon.torch.execution.ChunkMapper;
import falcon.torch.execution.ChunkWork;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("native")
class SparkWorkersTest {
  /// A machine that fails in the middle: the task that finds no mark leaves one and ends its
  /// executor.
  private record Dying(String mark) implements ChunkWork<Integer> {
    @Override
    public Integer of(Task task) {
      if (task.number() == 3 && !Files.exists(Path.of(mark))) {
        try {
          Files.createFile(Path.of(mark));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().halt(1);
      }
      return task.number();
    }
  }

  /// A network, a method, and the phases that executors have a part in.
  static Stream<Arguments> runs() {
    Network demo = Networks.read(Path.of("../demo/resnet20_fmnist.safetensors"));
    PruningOptions.Builder options =
        PruningOptions.builder().samples(64).steps(3).batchNorm(BatchNormPolicy.ON).seed(1);
    return Stream.of(
        Arguments.of(
            "demo network",
            demo,
            List.of(1L, 28L, 28L),
            options.method(Method.FALCON).build(),
            List.of("outputs", "second moments", "refinement", "output errors")),
        Arguments.of(
            "backsolve",
            TinyNetwork.of(1),
            List.of(1L, 8L, 8L),
            options.method(Method.FALCON).refit(Refit.BACKSOLVE).steps(null).build(),
            List.of("outputs", "gradients")),
        Arguments.of(
            "stages",
            TinyNetwork.of(2),
            List.of(1L, 8L, 8L),
            options.method(Method.FALCON_PLUS_PLUS).refit(Refit.AUTO).steps(3).stages(2).build(),
            List.of("outputs", "second moments", "refinement")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("runs")
  void runOnTwoExecutorsHasTheBitsOfOneMachine(
      String name,
      Network network,
      List<Long> shape,
      PruningOptions options,
      List<String> phases,
      @TempDir Path folder) {
    Dataset data = NoiseData.of(folder, 160, shape);
    var place = new SparkPlace(Cluster.context());
    PrunedNetwork alone = run(network, data, options, Workers::new);
    PrunedNetwork onCluster = run(network, data, options, place);
    assertThat(bytes(onCluster, folder.resolve("cluster.onnx")))
        .isEqualTo(bytes(alone, folder.resolve("alone.onnx")));
    assertThat(onCluster.mask()).isEqualTo(alone.mask());
    assertThat(onCluster.report().validation()).isEqualTo(alone.report().validation());
    assertThat(onCluster.report().outcomes()).isEqualTo(alone.report().outcomes());
    assertThat(place.traffic().keySet()).containsAll(phases);
  }

  private static PrunedNetwork run(
      Network network, Dataset data, PruningOptions options, WorkPlace place) {
    return Falcon.prune(network, data, BudgetRequest.macs(0.30))
        .options(options)
        .place(place)
        .test(false)
        .run();
  }

  private static byte[] bytes(PrunedNetwork pruned, Path file) {
    Networks.write(pruned.network(), file);
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void lostExecutorIsReplaced(@TempDir Path folder) {
    SampleSource samples = SourceOf.images(8 * 32);
    try (var workers = new SparkPlace(Cluster.context()).open(1);
        var loaded = new LoadedNetwork(TinyNetwork.of(1), Precision.FLOAT32)) {
      ChunkJob job = ChunkJob.of("dying", samples, loaded.chunks(samples), loaded);
      assertThat(ChunkMapper.of(workers).map(job, new Dying(folder.resolve("mark").toString())))
          .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    }
  }

  @Test
  void faultOfASampleIsToldAsOnOneMachine() {
    float[] values = new float[40 * TinyNetwork.PIXELS];
    for (int i = 0; i < TinyNetwork.PIXELS; i++) {
      values[35 * TinyNetwork.PIXELS + i] = 1e30f * TinyNetwork.pixels(35)[i];
    }
    SampleSource samples =
        SourceOf.batch(
            new SampleBatch(List.of(InputArray.ofFloats(List.of(1L, 8L, 8L), values)), null));
    Network tiny = TinyNetwork.of(1);
    Tensor last = tiny.tensor("last.weight");
    float[] great = last.toFloats();
    for (int i = 0; i < great.length; i++) {
      great[i] *= 1e12f;
    }
    Network network = tiny.withTensors(Map.of("last.weight", last.withFloats(great)));
    try (var workers = new SparkPlace(Cluster.context()).open(1)) {
      assertThatThrownBy(() -> Evaluation.requireFinite(network, samples, workers))
          .isInstanceOf(UnsupportedNetworkException.class)
          .hasMessageContaining("Gemm node 'classes' makes")
          .hasMessageContaining("for sample 35 (counted from 0)");
    }
  }
}
