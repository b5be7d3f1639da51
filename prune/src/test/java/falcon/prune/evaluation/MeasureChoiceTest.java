package falcon.prune.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.format.Datasets;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.prune.Graphs;
import falcon.prune.NpyBytes;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeasureChoiceTest {
  private static final int FEATURES = 6;
  private static final int SAMPLES = 12;

  private final SplittableRandom random = new SplittableRandom(1);

  @TempDir Path folder;

  /// One number each of several places are no classes, unless there are labels of them.
  @ParameterizedTest
  @CsvSource({
    "-1 5,false,AGREEMENT",
    "-1 5 1 1,false,AGREEMENT",
    "-1 5 1,false,FIDELITY",
    "-1 5 1,true,ACCURACY",
    "-1 5,true,ACCURACY",
    "-1 1 5,false,FIDELITY"
  })
  void shapeOfTheOutputTellsWhetherThereAreClasses(
      String shape, boolean isLabelled, Measure measure) throws IOException {
    long[] sizes = Arrays.stream(shape.split(" ", -1)).mapToLong(Long::parseLong).toArray();
    Network network =
        Graphs.network("output", new Dimension.Symbolic("n"), new Dimension.Fixed(FEATURES))
            .output(Graphs.output("y"))
            .initializer("w", Graphs.noise(random, FEATURES, 5))
            .initializer("shape", Tensor.ofLongs(List.of((long) sizes.length), sizes))
            .node(Graphs.node("MatMul", "h", "x", "w"))
            .node(Graphs.node("Reshape", "y", "h", "shape"))
            .build();
    Path train = Files.createDirectory(folder.resolve("train"));
    Files.write(train.resolve("x.npy"), NpyBytes.noise(random, SAMPLES, FEATURES));
    if (isLabelled) {
      var labels = new byte[SAMPLES];
      for (int i = 0; i < SAMPLES; i++) {
        labels[i] = (byte) (i % 5);
      }
      Files.write(train.resolve("labels.npy"), NpyBytes.of("|u1", List.of((long) SAMPLES), labels));
    }
    assertThat(NetworkWithData.of(network, Datasets.open(folder), null, Loss.AUTO).measure())
        .isEqualTo(measure);
  }
}
