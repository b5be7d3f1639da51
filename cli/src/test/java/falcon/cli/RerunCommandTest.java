package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.cli.process.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Options from files, and `rerun`.
class RerunCommandTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path temporary;

  /// Its name needs quotes.
  private Path folder;

  @BeforeEach
  void copyInputs() throws IOException {
    folder = Files.createDirectory(temporary.resolve("it's here"));
    Files.copy(Path.of(Cases.file("mlp.onnx")), folder.resolve("net.onnx"));
    Files.copy(Path.of(Cases.file("data/ok.npz")), folder.resolve("data.npz"));
  }

  @Test
  @Tag("native")
  void oneRunOfSeveralIsRepeatedToTheByte() throws IOException {
    Ran first =
        Ran.of(
            "prune",
            at("net.onnx"),
            "--data=" + at("data.npz"),
            "--macs",
            "60%,30%",
            "--method",
            "falcon",
            "--seed",
            "3",
            "--out",
            at("runs"),
            "--json");
    assertThat(first.code()).as(first.err()).isEqualTo(ExitCode.DONE);
    Ran again = Ran.of("rerun", at("runs/r30"), "-q");
    assertThat(again.code()).as(again.err()).isEqualTo(ExitCode.DONE);
    assertThat(again.err())
        .contains(
            "repeating %s: versions, machine, inputs and options are as they were"
                .formatted(at("runs/r30")))
        .contains("the same bytes as " + at("runs/r30") + ": model.onnx, mask.safetensors");
    assertThat(again.out()).contains("written to " + at("runs/r30-rerun"));
    for (String name : List.of("model.onnx", "mask.safetensors")) {
      assertThat(folder.resolve("runs/r30-rerun").resolve(name))
          .hasSameBinaryContentAs(folder.resolve("runs/r30").resolve(name));
    }
    assertThat(result("runs/r30-rerun").get("identity"))
        .isEqualTo(result("runs/r30").get("identity"));
    assertThat(Ran.of("rerun", at("runs/r30"), "-q").err()).contains("holds a run already");
    Ran second = Ran.of("rerun", at("runs/r30-rerun/result.json"), "--out", at("b"), "--json");
    assertThat(second.code()).as(second.err()).isEqualTo(ExitCode.DONE);
    assertThat(MAPPER.readTree(second.out()).at("/budget/macs/request").asText()).isEqualTo("30%");
  }

  @Test
  void relativePathsStartFromTheFolderOfThen() throws IOException {
    pruned("a");
    edit(
        "a",
        result -> {
          result.put("command", "./falcon prune net.onnx --macs 50% --method magnitude --out a");
          result.put("folder", folder.toString());
        });
    Ran again = Ran.of("rerun", at("a"), "--out", at("b"));
    assertThat(again.code()).as(again.err()).isEqualTo(ExitCode.DONE);
    assertThat(again.err()).contains("the same bytes as");
    edit("b", result -> result.put("folder", at("gone")));
    Ran gone = Ran.of("rerun", at("b"), "--out", at("c"));
    assertThat(gone.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(gone.err()).contains(at("gone") + ": there is no such folder", "--folder DIR");
    Ran told = Ran.of("rerun", at("b"), "--out", at("c"), "--folder", folder.toString());
    assertThat(told.code()).as(told.err()).isEqualTo(ExitCode.DONE);
  }

  @Test
  void whatDiffersIsSaidFirstAndOtherInputsAreRefused() throws IOException {
    pruned("a");
    edit(
        "a",
        result -> {
          ((ObjectNode) result.get("versions")).put("java", "24");
          ((ObjectNode) result.get("machine")).put("processors", 1000);
          ((ObjectNode) result.get("identity")).put("seed", "7");
          ((ObjectNode) result.at("/inputs/0")).put("sha256", "abc");
        });
    Ran refused = Ran.of("rerun", at("a"), "--out", at("b"));
    assertThat(refused.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(refused.err())
        .contains("  version of java: 24 then, " + Runtime.version() + " now")
        .contains("  processors: 1000 then, ")
        .contains("  seed: 7 then, 1 now")
        .contains("  model net.onnx: abc then, ")
        .contains("was made of other inputs", "--changed-inputs");
    assertThat(folder.resolve("b")).doesNotExist();
    Ran allowed = Ran.of("rerun", at("a"), "--out", at("b"), "--changed-inputs");
    assertThat(allowed.code()).as(allowed.err()).isEqualTo(ExitCode.DONE);
  }

  @Test
  @Tag("native")
  void aSearchIsRepeatedAsAWholeAndItsTrialsAreNot() throws IOException {
    Ran first =
        Ran.of(
            "prune",
            at("net.onnx"),
            "--data=" + at("data.npz"),
            "--max-drop=40%",
            "--method=magnitude",
            "--out",
            at("found"),
            "-q");
    assertThat(first.code()).as(first.err()).isEqualTo(ExitCode.DONE);
    Ran again = Ran.of("rerun", at("found"), "-q");
    assertThat(again.code()).as(again.err()).isEqualTo(ExitCode.DONE);
    assertThat(again.err())
        .containsOnlyOnce("repeating ")
        .contains("versions, machine, inputs and options are as they were")
        .contains("the same bytes as " + at("found"));
    String trial = result("found").at("/maxDrop/trials/0/share").asText().replace("%", "");
    Ran ofTrial = Ran.of("rerun", at("found/trials/r" + trial));
    assertThat(ofTrial.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ofTrial.err()).contains("is a trial of a search", "the folder above 'trials'");
    edit("found", result -> ((ObjectNode) result.at("/inputs/0")).put("sha256", "abc"));
    Ran refused = Ran.of("rerun", at("found"), "--out", at("b"), "-q");
    assertThat(refused.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(refused.err()).contains("was made of other inputs", "--changed-inputs");
    assertThat(folder.resolve("b")).doesNotExist();
  }

  @Test
  void aBudgetOfANetworkThatIsNotCountedIsRepeated() throws IOException {
    pruned("a");
    edit(
        "a",
        result -> {
          ((ObjectNode) result.get("budget")).putNull("macs");
          String command = result.get("command").asText();
          result.put("command", command.replace("--macs 50%", "--macs 100% --nnz 50%"));
        });
    Ran again = Ran.of("rerun", at("a"), "--out", at("b"));
    assertThat(again.code()).as(again.err()).isEqualTo(ExitCode.DONE);
    assertThat(result("b").at("/budget/macs/request").asText()).isEqualTo("100%");
  }

  @Test
  void otherBytesAreNamed() throws IOException {
    pruned("a");
    edit("a", result -> ((ObjectNode) result.get("mask")).put("sha256", "abc"));
    Ran again = Ran.of("rerun", at("a"), "--out", at("b"));
    assertThat(again.err())
        .contains("other bytes than " + at("a"), "  mask.safetensors: abc then, ")
        .doesNotContain("model.onnx:");
  }

  @Test
  void whatIsNoRunOfACommandIsRefused() throws IOException {
    pruned("a");
    edit("a", result -> result.put("command", "it's my program"));
    Ran program = Ran.of("rerun", at("a"));
    assertThat(program.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(program.err())
        .contains("was not made by one of the commands prune, retrain, train; 'command' there is");
    assertThat(Ran.of("rerun", at("nothing")).err()).contains("there is no such file");
    Files.writeString(folder.resolve("a/result.json"), "{\"a\"");
    assertThat(Ran.of("rerun", at("a")).err()).contains("a/result.json: cannot be read");
  }

  @Test
  void optionsMayComeFromFilesAndTheCommandHasThem() throws IOException {
    Path more = Files.writeString(folder.resolve("more"), "--method magnitude # quick\n");
    Path options =
        Files.writeString(
            folder.resolve("run.options"),
            "\"%s\" --macs 50%% --out \"%s\"\n\"@%s\"\n".formatted(at("net.onnx"), at("@a"), more));
    Ran ran = Ran.of("prune", "@" + options);
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(result("@a").get("command").asText())
        .startsWith("./falcon prune '")
        .contains(" --macs 50% --out ", " --method magnitude");
  }

  @Test
  void filesOfOptionsThatCannotBeReadAreNamed() throws IOException {
    Ran none = Ran.of("prune", "@" + at("none"));
    assertThat(none.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(none.err()).contains(at("none") + ": the file of options cannot be read");
    Path open = Files.writeString(folder.resolve("open"), "prune\n--macs '30%\n");
    assertThat(Ran.of("@" + open).err()).contains(open + ": line 2: the quote ' is not closed");
    Path round = folder.resolve("round");
    Files.writeString(round, "\"@" + round + "\"");
    assertThat(Ran.of("@" + round).err()).contains(round + ": the file of options names itself");
    Ran binary = Ran.of("prune", "@" + at("data.npz"));
    assertThat(binary.err()).contains("data.npz: this is no text in UTF-8");
    assertThat(Ran.of("inspect", "@@net").err()).contains("@net").doesNotContain("@@net");
  }

  private void pruned(String name) {
    var words = new ArrayList<>(List.of("prune", at("net.onnx"), "--macs", "50%"));
    words.addAll(List.of("--method", "magnitude", "--out", at(name)));
    Ran ran = Ran.of(words.toArray(String[]::new));
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
  }

  private void edit(String name, Consumer<ObjectNode> change) throws IOException {
    ObjectNode result = (ObjectNode) result(name);
    change.accept(result);
    MAPPER.writeValue(folder.resolve(name).resolve("result.json").toFile(), result);
  }

  private JsonNode result(String name) throws IOException {
    return MAPPER.readTree(folder.resolve(name).resolve("result.json").toFile());
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }
}
