package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import falcon.cli.process.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `completion`, in a real bash.
class CompletionCommandTest {
  @TempDir private Path folder;

  @Test
  void bashCompletesCommandsAndOptions() throws Exception {
    Ran script = Ran.of("completion", "bash");
    assertThat(script.code()).isEqualTo(ExitCode.DONE);
    Path file = Files.writeString(folder.resolve("falcon.bash"), script.out());
    assertThat(completed(file, "falcon", "ex")).containsExactly("export-mask");
    assertThat(completed(file, "falcon", "prune", "--fail")).containsExactly("--fail-under");
    assertThat(completed(file, "falcon", "completion", "")).contains("bash", "zsh");
  }

  @Test
  void zshTakesTheSameScriptAndOtherShellsAreRefused() {
    assertThat(Ran.of("completion", "zsh").out())
        .isEqualTo(Ran.of("completion", "bash").out())
        .contains("bashcompinit");
    Ran fish = Ran.of("completion", "fish");
    assertThat(fish.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(fish.err()).contains("expected one of [BASH, ZSH]", "fish");
  }

  @Test
  void versionsOfNativeLibrariesAreShown() {
    assertThat(Ran.of("--version").out())
        .containsPattern("libtorch +[0-9]")
        .containsPattern("openblas +[0-9]")
        .containsPattern("onnxruntime +[0-9]");
  }

  /// Words that the function of the script offers for the last of some words.
  private static List<String> completed(Path script, String... words)
      throws IOException, InterruptedException {
    Path bash = Path.of("/bin/bash");
    assumeTrue(Files.isExecutable(bash));
    String line =
        "compopt() { :; }; source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1));"
            + " _complete_falcon; printf '%s\\n' \"${COMPREPLY[@]}\"";
    var command = new ArrayList<>(List.of(bash.toString(), "-c", line, "bash"));
    command.add(script.toString());
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out.lines().toList();
  }
}
