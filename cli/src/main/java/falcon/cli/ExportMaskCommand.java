package falcon.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.cli.option.OutputOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.JsonText;
import falcon.cli.process.ExitCode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Writes mask and weights of a finished run under the names of a state dict.
@Command(
    name = "export-mask",
    description =
        "Writes mask and weights of a finished run under the names and in the shapes of a state dict, so that"
            + " PyTorch loads them.",
    footerHeading = "%nExample:%n",
    footer = {"  ./falcon export-mask runs/r30 --like model.pth"})
final class ExportMaskCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Parameters(
      index = "0",
      paramLabel = "RUN",
      description = "Folder of a finished run of prune, or a file in it.")
  @SuppressWarnings("NullAway.Init")
  private Path run;

  @Option(
      names = "--like",
      required = true,
      paramLabel = "FILE",
      description =
          "State dict (.pth, .safetensors) that the network was exported from, or a checkpoint that holds"
              + " it: its values say which tensor is which.")
  @SuppressWarnings("NullAway.Init")
  private Path like;

  @Option(
      names = "--dense",
      paramLabel = "MODEL",
      description = "The network that was pruned, where it is not where result.json says.")
  private @Nullable Path dense;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the two files. Default: RUN.")
  private @Nullable Path out;

  @Option(
      names = "--partial",
      description =
          "Write what can be written where a tensor cannot be found, or may be one of several: such tensors"
              + " stay as they are in --like, and have no mask.")
  private boolean isPartial;

  @Option(
      names = "--force",
      description = "Replace the two files of an earlier export. Other files are never replaced.")
  private boolean isForced;

  ExportMaskCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    StateDictOutput written;
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      written = new StateDictTask(like, isPartial).export(run, dense, out, isForced);
      written.exported().leftOut().forEach(each -> progress.warn("%s: left out.".formatted(each)));
    }
    console.result(output.isJson() ? json(written) : text(written));
    return ExitCode.DONE;
  }

  private String text(StateDictOutput written) {
    var text = new StringBuilder(written.text());
    if (output.isVerbose()) {
      written
          .exported()
          .changed()
          .forEach(name ->
              text.append(
                  "%n  %s%s"
                      .formatted(
                          name,
                          written.exported().masks().tensors().containsKey(name)
                              ? ", pruned"
                              : "")));
    }
    return text.toString();
  }

  private static String json(StateDictOutput written) {
    ObjectNode json =
        JsonText.document()
            .put("weights", written.files().getFirst().toString())
            .put("mask", written.files().getLast().toString());
    ArrayNode changed = json.putArray("changed");
    written.exported().changed().forEach(changed::add);
    ArrayNode pruned = json.putArray("pruned");
    written.exported().masks().tensors().keySet().forEach(pruned::add);
    ArrayNode leftOut = json.putArray("leftOut");
    written.exported().leftOut().forEach(leftOut::add);
    return JsonText.of(json);
  }
}
