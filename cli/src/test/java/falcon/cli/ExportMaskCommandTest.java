package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import falcon.model.format.StateDicts;
import falcon.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `export-mask` and `prune --names`.
class ExportMaskCommandTest {
  private static final int INPUTS = 12;
  private static final int HIDDEN = 16;

  @TempDir private Path folder;

  private Path net;
  private Path like;
  private Path run;

  @BeforeEach
  void pruned() throws IOException {
    net = Files.copy(Path.of(Cases.file("mlp.onnx")), folder.resolve("net.onnx"));
    like = folder.resolve("model.pth");
    run = folder.resolve("run");
    writeLike(like, tensor -> tensor);
    assertThat(prune().code()).isZero();
  }

  private Ran prune(String... more) {
    return Ran.of(
        words(
            List.of(
                "prune",
                net.toString(),
                "--method",
                "magnitude",
                "--macs",
                "50%",
                "--out",
                run.toString()),
            more));
  }

  private Ran export(String... more) {
    return Ran.of(words(List.of("export-mask", run.toString(), "--like", like.toString()), more));
  }

  private static String[] words(List<String> words, String... more) {
    return Stream.concat(words.stream(), Arrays.stream(more)).toArray(String[]::new);
  }

  /// The two matrices of the network as linear layers of PyTorch.
  private void writeLike(Path path, UnaryOperator<Tensor> first) {
    var network = Networks.read(net);
    var tensors = new LinkedHashMap<String, Tensor>();
    tensors.put("module.0.weight", first.apply(transposed(network.tensor("a"))));
    tensors.put("module.2.weight", transposed(network.tensor("b")));
    tensors.put("module.step", Tensor.ofLongs(List.of(), 3));
    var contents = new LinkedHashMap<Path, StateDict>();
    contents.put(path, new StateDict(tensors, Map.of()));
    StateDicts.writeAll(contents);
  }

  private static Tensor transposed(Tensor matrix) {
    float[] values = matrix.toFloats();
    int rows = Math.toIntExact(matrix.shape().getFirst());
    int columns = values.length / rows;
    var result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i % columns * rows + i / columns] = values[i];
    }
    return Tensor.ofFloats(matrix.shape().reversed(), result);
  }

  private static Tensor tensor(Path file, String name) {
    return Objects.requireNonNull(StateDicts.read(file).tensors().get(name), name);
  }

  @Test
  void weightsAndMaskHaveTheNamesOfTheStateDict() throws IOException {
    Ran ran = export("-v");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out())
        .contains("3 tensors of", "2 changed, 2 pruned", "  module.0.weight, pruned");
    requireExported(run);
  }

  private void requireExported(Path in) {
    Path weights = in.resolve("pytorch-weights.pth");
    var pruned = Networks.read(run.resolve("model.onnx"));
    assertThat(StateDicts.read(weights).tensors().keySet())
        .containsExactly("module.0.weight", "module.2.weight", "module.step");
    assertThat(tensor(weights, "module.0.weight")).isEqualTo(transposed(pruned.tensor("a")));
    assertThat(tensor(weights, "module.step")).isEqualTo(Tensor.ofLongs(List.of(), 3));
    Tensor mask =
        Objects.requireNonNull(
            SafetensorsFile.read(run.resolve("mask.safetensors")).tensors().get("a"));
    Tensor kept = tensor(in.resolve("pytorch-mask.pth"), "module.0.weight");
    assertThat(kept.shape()).containsExactly((long) HIDDEN, (long) INPUTS);
    for (int i = 0; i < HIDDEN * INPUTS; i++) {
      int there = i % INPUTS * HIDDEN + i / INPUTS;
      assertThat(kept.bytes().get(i)).isEqualTo(mask.bytes().get(there));
    }
  }

  @Test
  void theRunMayBeNamedByAFileAndTheResultWrittenElsewhereAsJson() throws IOException {
    Path out = folder.resolve("new/out");
    Ran ran =
        Ran.of(
            "export-mask",
            run.resolve("result.json").toString(),
            "--like",
            like.toString(),
            "--out",
            out.toString(),
            "--json");
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(ran.out());
    assertThat(json.path("weights").asText()).isEqualTo(out + "/pytorch-weights.pth");
    assertThat(json.path("pruned")).hasSize(2);
    assertThat(json.path("leftOut")).isEmpty();
    requireExported(out);
    assertThat(run.resolve("pytorch-mask.pth")).doesNotExist();
  }

  @Test
  void aStateDictInSafetensorsMakesSafetensors() {
    like = folder.resolve("model.safetensors");
    writeLike(like, tensor -> tensor);
    assertThat(export().code()).isZero();
    assertThat(tensor(run.resolve("pytorch-mask.safetensors"), "module.2.weight").shape())
        .containsExactly(6L, (long) HIDDEN);
  }

  @Test
  void weightsThatAreStoredAloneAreExportedToo() {
    assertThat(prune("--force", "--format", "safetensors").code()).isZero();
    assertThat(export().code()).isZero();
    assertThat(run.resolve("pytorch-weights.pth")).exists();
  }

  @Test
  void anEarlierExportIsReplacedByForceAndNothingElseIs() throws IOException {
    assertThat(export().code()).isZero();
    Ran again = export();
    assertThat(again.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(again.err()).contains("pytorch-weights.pth: is there already", "--force");
    assertThat(export("--force").code()).isZero();

    Path own = run.resolve("pytorch-mask.pth");
    Files.copy(like, own, StandardCopyOption.REPLACE_EXISTING);
    Ran other = export("--force");
    assertThat(other.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(other.err()).contains("is not a state dict that Falcon wrote");
    assertThat(Files.mismatch(own, like)).isEqualTo(-1);
  }

  @Test
  void anInputIsNeverWrittenOver() throws IOException {
    Path in = Files.createDirectories(folder.resolve("in"));
    like = in.resolve("pytorch-weights.pth");
    writeLike(like, tensor -> tensor);
    byte[] before = Files.readAllBytes(like);
    Ran ran = export("--out", in.toString(), "--force");
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains("which is read, is the same file");
    assertThat(Files.readAllBytes(like)).isEqualTo(before);
  }

  @Test
  void anotherCheckpointIsRefusedUnlessAPartIsEnough() {
    writeLike(
        like,
        tensor -> {
          float[] values = tensor.toFloats();
          values[5] += 1;
          return tensor.withFloats(values);
        });
    Ran ran = export();
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err())
        .contains(
            "does not say where 1 of the network's tensors belong",
            "'a' has values that no tensor of the state dict has (module.0.weight has its size)",
            "Nothing was written.",
            "--partial");
    assertThat(run.resolve("pytorch-weights.pth")).doesNotExist();

    Ran partial = export("--partial");
    assertThat(partial.code()).as(partial.err()).isZero();
    assertThat(partial.err()).contains("warning: 'a' has values", "left out");
    assertThat(StateDicts.read(run.resolve("pytorch-mask.pth")).tensors().keySet())
        .containsExactly("module.2.weight");
    assertThat(tensor(run.resolve("pytorch-weights.pth"), "module.0.weight"))
        .isEqualTo(tensor(like, "module.0.weight"));
  }

  @Test
  void anotherArchitectureIsNamedAsSuch() {
    like = Path.of(Cases.file("mlp.onnx")).resolveSibling("no.pth");
    Ran missing = export();
    assertThat(missing.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(missing.err()).contains("there is no such file");

    like = folder.resolve("other.pth");
    var contents = new LinkedHashMap<Path, StateDict>();
    contents.put(like, new StateDict(Map.of("w", Tensor.ofFloats(List.of(2L), 1, 2)), Map.of()));
    StateDicts.writeAll(contents);
    Ran other = export();
    assertThat(other.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(other.err()).contains("probably another checkpoint or another architecture");

    like = net;
    Ran onnx = export();
    assertThat(onnx.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(onnx.err()).contains("is an ONNX model, not a state dict");
  }

  @Test
  void theDenseNetworkIsAskedForWhereItIsGoneOrChanged() throws IOException {
    Path moved = folder.resolve("moved.onnx");
    Files.move(net, moved);
    Ran gone = export();
    assertThat(gone.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(gone.err()).contains("the network that was pruned is not there", "--dense");
    assertThat(export("--dense", moved.toString()).code()).isZero();

    Files.copy(Path.of(Cases.file("base.onnx")), net);
    Ran changed = export("--force");
    assertThat(changed.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(changed.err()).contains("is not the network that was pruned any more: its SHA-256");
    Ran wrong = export("--force", "--dense", net.toString());
    assertThat(wrong.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(wrong.err()).contains("do not belong together", "'w1' is");
  }

  @Test
  void filesWithoutAReportNeedTheDenseNetwork() throws IOException {
    Path copy = Files.createDirectories(folder.resolve("copy"));
    for (String name : List.of("model.onnx", "mask.safetensors")) {
      Files.copy(run.resolve(name), copy.resolve(name));
    }
    run = copy;
    Ran ran = export();
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains("nothing here names the network that was pruned", "--dense");
    assertThat(export("--dense", net.toString()).code()).isZero();
    requireExported(copy);

    // the mask of another network, and one of other shapes
    StateDict mask = SafetensorsFile.read(copy.resolve("mask.safetensors"));
    var all = new LinkedHashMap<>(mask.tensors());
    Tensor a = Objects.requireNonNull(all.get("a"));
    all.put("a", Tensor.ofBytes(a.type(), a.shape(), new byte[a.size()]));
    SafetensorsFile.write(new StateDict(all, Map.of()), copy.resolve("mask.safetensors"));
    Ran other = export("--dense", net.toString(), "--force");
    assertThat(other.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(other.err()).contains("The mask is that of another network", "of 'a' is pruned");
    all.put("a", Tensor.ofBytes(a.type(), List.of((long) a.size()), new byte[a.size()]));
    SafetensorsFile.write(new StateDict(all, Map.of()), copy.resolve("mask.safetensors"));
    Ran shape = export("--dense", net.toString(), "--force");
    assertThat(shape.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(shape.err()).contains("the mask of 'a' is BOOL[192]");
    Files.write(copy.resolve("mask.safetensors"), new byte[] {1, 2, 3});
    assertThat(export("--dense", net.toString(), "--force").code()).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void damagedAndUnfinishedRunsAreRefused() throws IOException {
    byte[] network = Files.readAllBytes(run.resolve("model.onnx"));
    network[network.length / 2] ^= 1;
    Files.write(run.resolve("model.onnx"), network);
    Ran damaged = export();
    assertThat(damaged.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(damaged.err()).contains("model.onnx: has the length that was written");
    Files.delete(run.resolve("result.json"));
    Ran unfinished = export();
    assertThat(unfinished.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(unfinished.err()).contains("holds a run that is not finished", "--resume");
    run = Files.createDirectories(folder.resolve("empty"));
    Ran empty = export();
    assertThat(empty.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(empty.err()).contains("has no pruned network");
    run = folder.resolve("nowhere");
    assertThat(export().err()).contains("there is no such file or folder");
  }

  @Test
  void aRunExportsAtItsEndAndAnExportGoesWithItsRun() {
    assertThat(prune("--force", "--names", like.toString()).code()).isZero();
    requireExported(run);
    // a finished run is exported, too
    Ran resumed = prune("--resume", "--names", like.toString());
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(resumed.out()).contains("finished before", "pytorch-mask.pth");
    // the files of the old network do not stay beside another one
    assertThat(prune("--force").code()).isZero();
    assertThat(run.resolve("pytorch-weights.pth")).doesNotExist();
    assertThat(run.resolve("pytorch-mask.pth")).doesNotExist();
  }

  @Test
  void namesThatAreNotKnownAreRefusedBeforeTheRun() {
    writeLike(like, tensor -> tensor.withFloats(new float[tensor.size()]));
    Path out = folder.resolve("other");
    run = out;
    Ran ran = prune("--names", like.toString());
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains("'a' has values that no tensor of the state dict has");
    assertThat(out).doesNotExist();
  }
}
