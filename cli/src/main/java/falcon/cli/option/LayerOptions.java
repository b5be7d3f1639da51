package falcon.cli.option;

import falcon.model.layer.LayerSelection;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options that choose the layers to prune.
public final class LayerOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--include",
      split = ",",
      paramLabel = "PATTERN",
      description =
          "Prune only weights of such names, embeddings too: * stands for any text, ? for one character."
              + " Several: separated by commas, or the option again. Default: all convolutions, linear"
              + " and recurrent layers, no embeddings.")
  private List<String> include = List.of();

  @Option(
      names = "--exclude",
      split = ",",
      paramLabel = "PATTERN",
      description = "Leave weights of such names as they are, to the bit; wins over --include.")
  private List<String> exclude = List.of();

  /// Returns whether layers were chosen.
  public boolean isGiven() {
    return !include.isEmpty() || !exclude.isEmpty();
  }

  /// Returns the selection of layers.
  public LayerSelection selection() {
    try {
      return LayerSelection.of(include, exclude);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
