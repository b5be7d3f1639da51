package falcon.cli;

import falcon.cli.output.Console;
import falcon.cli.process.ExitCode;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Prints a script that completes commands and options in a shell.
@Command(
    name = "completion",
    description =
        "Prints a script that completes commands and options when the tab key is pressed.",
    footerHeading = "%nFor this shell alone, or for all that start later:%n",
    footer = {
      "  source <(./falcon completion bash)",
      "  ./falcon completion bash > ~/.local/share/bash-completion/completions/falcon",
      "  ./falcon completion zsh >> ~/.zshrc"
    })
final class CompletionCommand implements Callable<Integer> {
  private final Console console;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  /// The shells; picocli's script is for both.
  enum Shell {
    BASH,
    ZSH;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Parameters(index = "0", paramLabel = "SHELL", description = "bash or zsh.")
  @SuppressWarnings("UnusedVariable") // picocli checks it
  private Shell shell = Shell.BASH;

  CompletionCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    console.result(AutoComplete.bash("falcon", spec.commandLine().getParent()));
    return ExitCode.DONE;
  }
}
