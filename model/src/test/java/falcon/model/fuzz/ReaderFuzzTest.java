package falcon.model.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Damaged files are read or refused with a message, whatever they hold: never another exception, a
/// hang, or more memory than [Trial.Reader] states.
///
/// Each file is made from its own seed. `-Dfalcon.fuzz.executions=1000000` tries that many files
/// per reader, `-Dfalcon.fuzz.seed=7` others.
@Timeout(value = 1, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReaderFuzzTest {
  private static final int EXECUTIONS = Integer.getInteger("falcon.fuzz.executions", 1000);
  private static final long SEED = Long.getLong("falcon.fuzz.seed", 20_260_101);

  @TempDir Path folder;

  @FunctionalInterface
  private interface Damage {
    byte[] of(SplittableRandom random, Mutations mutations);
  }

  @BeforeEach
  void writeExternalData() throws IOException {
    Files.write(folder.resolve(Corpus.WEIGHTS), new byte[16]);
  }

  @Test
  void damagedModelsAreReadOrRefused() {
    List<byte[]> corpus = Corpus.onnx();
    assertThat(corpus).allMatch(file -> new Trial(folder).run(Trial.Reader.ONNX, file));
    run(
        Trial.Reader.ONNX,
        (random, mutations) -> {
          byte[] file = pick(corpus, random);
          for (int i = random.nextInt(1, 4); i > 0; i--) {
            file =
                random.nextInt(4) == 0
                    ? mutations.of(file, pick(corpus, random))
                    : new WireMutations(random, mutations).of(file);
          }
          return file;
        });
  }

  @Test
  void damagedCheckpointsAreReadOrRefused() throws IOException {
    List<byte[]> corpus = Corpus.checkpoints();
    List<SequencedMap<String, byte[]>> archives = Corpus.archives(folder);
    run(
        Trial.Reader.PYTORCH,
        (random, mutations) ->
            random.nextBoolean()
                ? mutations.of(pick(corpus, random), pick(corpus, random))
                : new PickleMutations(random, mutations)
                    .of(archives.get(random.nextInt(archives.size()))));
  }

  @Test
  void damagedSafetensorsAreReadOrRefused() throws IOException {
    List<byte[]> corpus = Corpus.safetensors(folder);
    run(
        Trial.Reader.SAFETENSORS,
        (random, mutations) ->
            random.nextInt(4) == 0
                ? mutations.of(pick(corpus, random), pick(corpus, random))
                : new HeaderMutations(random, mutations).of(pick(corpus, random)));
  }

  private void run(Trial.Reader reader, Damage damage) {
    var trial = new Trial(folder);
    int read = 0;
    for (int i = 0; i < EXECUTIONS; i++) {
      var random = new SplittableRandom(SEED + i);
      byte[] file = damage.of(random, new Mutations(random));
      try {
        read += trial.run(reader, file) ? 1 : 0;
      } catch (AssertionError e) {
        throw new AssertionError("seed %d: %s".formatted(SEED + i, e.getMessage()), e);
      }
    }
    // Damage that every reader refuses at once tests nothing.
    assertThat(read).isBetween(EXECUTIONS / 100, EXECUTIONS * 99 / 100);
  }

  private static byte[] pick(List<byte[]> corpus, SplittableRandom random) {
    return corpus.get(random.nextInt(corpus.size()));
  }
}
