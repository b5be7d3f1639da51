package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.format.Datasets;
import falcon.model.format.Networks;
import falcon.prune.TinyData;
import falcon.prune.options.PruningException;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.ModelFormat;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which folders are a place for a run, and that nothing is written to those that are not.
class RunPlaceTest {
  private static final SmallRun RUN = SmallRun.of(0.5);

  @TempDir Path temporary;
  private Path directory;

  @BeforeEach
  void prepare() {
    directory = temporary.resolve("run");
  }

  /// The folder of the network: its files have the names that a run's files have.
  private Path ownFolder() throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("mine"));
    Files.copy(SmallRun.MODEL, folder.resolve("model.onnx"));
    Files.copy(SmallRun.MODEL.resolveSibling(SmallRun.WEIGHTS), folder.resolve(SmallRun.WEIGHTS));
    return folder;
  }

  @ParameterizedTest
  @EnumSource
  void theNetworkIsNeverAnOutput(RunDirectory.Existing existing) throws IOException {
    Path folder = ownFolder();
    var run = new SmallRun(folder.resolve("model.onnx"), 0.5, ModelFormat.ONNX);
    Path link = Files.createSymbolicLink(temporary.resolve("link"), folder);
    for (Path place : List.of(folder, link, folder.resolve("../mine"))) {
      refused(run.place(place), run, existing, "is the same file", "no option lets an input");
      refused(sharing(run.place(place)), run, existing, "is the same file");
    }
  }

  @ParameterizedTest
  @EnumSource
  void norIsAFileThatIsTheSameByALink(RunDirectory.Existing existing) throws IOException {
    Path folder = ownFolder();
    Path model = folder.resolve("model.onnx");
    var run = new SmallRun(model, 0.5, ModelFormat.ONNX);
    Files.createDirectory(directory);
    Path output = directory.resolve("model.onnx");
    Files.createSymbolicLink(output, model);
    refused(sharing(run.place(directory)), run, existing, output + ": would be written to");
    Files.delete(output);
    Files.createLink(output, model);
    refused(sharing(run.place(directory)), run, existing, output + ": would be written to");
    Files.delete(output);
    Files.createLink(directory.resolve(SmallRun.WEIGHTS), folder.resolve(SmallRun.WEIGHTS));
    refused(sharing(run.place(directory)), run, existing, SmallRun.WEIGHTS + ": would be");
  }

  @Test
  void aRunIsNotReplacedByOneThatReadsIt() throws IOException {
    RUN.run(directory, RunDirectory.Existing.REFUSE);
    var again = new SmallRun(directory.resolve("model.onnx"), 0.3, ModelFormat.SAFETENSORS);
    refused(
        again.place(directory),
        again,
        RunDirectory.Existing.REPLACE,
        "would be written to, but " + directory.resolve("model.onnx") + ", which is read");
    Path weights = directory.resolve("stages/01/weights.safetensors");
    var byStage = new InputPlaces(List.of(SmallRun.MODEL, weights), null, false);
    refused(
        new OutputFolder(directory, byStage, false),
        RUN,
        RunDirectory.Existing.REPLACE,
        "stages: would be written to, but",
        "is in it");
  }

  @ParameterizedTest
  @EnumSource
  void theDataFolderIsNoPlace(RunDirectory.Existing existing) throws IOException {
    Path data = TinyData.write(temporary.resolve("data"));
    InputPlaces inputs = InputPlaces.of(List.of(SmallRun.MODEL), Datasets.open(data));
    refused(new OutputFolder(data, inputs, true), RUN, existing, "is the data folder");
    // below it is: nothing there is taken for data
    RunDirectory.open(
            new OutputFolder(data.resolve("run"), inputs, false), RUN.description(), existing)
        .close();
  }

  @ParameterizedTest
  @EnumSource
  void nothingBelowAFolderOfImagesIsAPlace(RunDirectory.Existing existing) throws IOException {
    Path data = Files.createDirectories(temporary.resolve("images/cats"));
    var image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(image, "png", data.resolve("a.png").toFile());
    InputPlaces inputs =
        InputPlaces.of(List.of(SmallRun.MODEL), Datasets.open(temporary.resolve("images")));
    for (String place : List.of("images", "images/r30", "images/cats", "images/dogs/r30")) {
      refused(
          new OutputFolder(temporary.resolve(place), inputs, true),
          RUN,
          existing,
          "the data folder");
    }
    assertThat(temporary.resolve("images/dogs")).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource
  void aFolderOfOtherFilesIsNoPlaceUnlessAskedFor(RunDirectory.Existing existing)
      throws IOException {
    Files.createDirectories(directory.resolve("stages"));
    Files.writeString(directory.resolve("stages/plan.txt"), "mine");
    refused(RUN.place(directory), RUN, existing, "other files and no run of Falcon (stages)");
    refused(sharing(RUN.place(directory)), RUN, existing, "stages is in the way", "replaces none");
    Files.move(directory.resolve("stages"), directory.resolve("plans"));
    Files.writeString(directory.resolve("model.onnx"), "mine");
    Files.writeString(directory.resolve("result.json"), "{\"schemaVersion\": 1}");
    refused(
        RUN.place(directory),
        RUN,
        existing,
        "other files and no run of Falcon (model.onnx, plans, result.json)",
        "‹allow non empty›");
    refused(sharing(RUN.place(directory)), RUN, existing, "model.onnx is in the way");
    Files.delete(directory.resolve("model.onnx"));
    Files.delete(directory.resolve("result.json"));
    RunDirectory.open(sharing(RUN.place(directory)), RUN.description(), existing).close();
    assertThat(directory.resolve("plans/plan.txt")).hasContent("mine");
  }

  @Test
  void whatARunThatWasKilledAtItsBeginningLeftIsNoObstacle() throws IOException {
    Files.createDirectories(directory.resolve("stages"));
    Files.createFile(directory.resolve("stages/.run.json.tmp0"));
    Files.createFile(directory.resolve(".lock"));
    RUN.run(directory, RunDirectory.Existing.REFUSE);
    assertThat(directory.resolve("stages/.run.json.tmp0")).doesNotExist();
  }

  @Test
  void aPathThatIsNoFolderIsCalledWhatItIs() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "mine");
    Path dangling = Files.createSymbolicLink(temporary.resolve("gone"), Path.of("nowhere"));
    for (RunDirectory.Existing existing : RunDirectory.Existing.values()) {
      refused(RUN.place(file), RUN, existing, "is a file, not a folder");
      refused(RUN.place(file.resolve("a/b")), RUN, existing, file + " is a file, not a folder");
      refused(RUN.place(dangling), RUN, existing, "is a link to nowhere, where nothing is");
      refused(RUN.place(dangling.resolve("a")), RUN, existing, dangling + " is a link to nowhere");
    }
  }

  @Test
  void severalRunsGoBelowAFolderOfRunsAlone() throws IOException {
    var runs = new OutputFolder(temporary.resolve("runs"), RUN.inputs(), false);
    runs.requireParentOf(List.of("r50", "r30"));
    RUN.run(runs.directory().resolve("other"), RunDirectory.Existing.REFUSE);
    Files.createDirectory(runs.directory().resolve("r50"));
    runs.requireParentOf(List.of("r50", "r30"));
    Files.createFile(runs.directory().resolve("thesis.tex"));
    assertThatThrownBy(() -> runs.requireParentOf(List.of("r50", "r30")))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("holds other files and no run of Falcon (thesis.tex)");
    sharing(runs).requireParentOf(List.of("r50", "r30"));
  }

  @Test
  void weightsInAFileOfARunsOwnNameAreRefused() throws IOException {
    // 22 bytes: as many as the name in the model has
    String name = "mask.safetensors";
    byte[] model = Files.readAllBytes(SmallRun.MODEL);
    String text = new String(model, java.nio.charset.StandardCharsets.ISO_8859_1);
    String padded = "./././" + name;
    assertThat(padded).hasSameSizeAs(SmallRun.WEIGHTS);
    Path file = temporary.resolve("net.onnx");
    Files.write(
        file,
        text.replace(SmallRun.WEIGHTS, padded)
            .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    Files.copy(SmallRun.MODEL.resolveSibling(SmallRun.WEIGHTS), temporary.resolve(name));
    assertThat(Networks.read(file).initializers()).isNotEmpty();
    var run = new SmallRun(file, 0.5, ModelFormat.ONNX);
    refused(
        run.place(directory),
        run,
        RunDirectory.Existing.REFUSE,
        "weights in a file 'mask.safetensors', a name that a run needs itself");
    new SmallRun(file, 0.5, ModelFormat.SAFETENSORS).run(directory, RunDirectory.Existing.REFUSE);
  }

  private static OutputFolder sharing(OutputFolder folder) {
    return new OutputFolder(folder.directory(), folder.inputs(), true);
  }

  /// The run is refused as bad input, by a look and by opening, and nothing has changed.
  private void refused(
      OutputFolder place, SmallRun run, RunDirectory.Existing existing, String... words) {
    List<String> before = names();
    var contents = SmallRun.contents(temporary);
    for (boolean isLook : new boolean[] {true, false}) {
      assertThatThrownBy(
              () -> {
                if (isLook) {
                  RunDirectory.check(place, run.description(), existing);
                } else {
                  RunDirectory.open(place, run.description(), existing).close();
                }
              })
          .isInstanceOfSatisfying(
              PruningException.class,
              e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.INPUT))
          .hasMessageContainingAll(words);
      assertThat(names()).isEqualTo(before);
      assertThat(SmallRun.contents(temporary)).isEqualTo(contents);
    }
  }

  private List<String> names() {
    try (Stream<Path> files = Files.walk(temporary)) {
      return files.map(Path::toString).sorted().toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
