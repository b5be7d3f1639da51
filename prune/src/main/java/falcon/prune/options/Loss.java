package falcon.prune.options;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// What a pruned network is to do well: decides what networks are judged by ([Measure]) and, for
/// [Curvature#EMPIRICAL], what gradients are taken of.
public enum Loss {
  /// [#LABELS] if the data have classes and the network is a classifier, else [#SELF].
  AUTO,
  /// Cross-entropy of the labels; networks are judged by their accuracy.
  LABELS,
  /// No labels: cross-entropy of labels drawn from a classifier's own softmax, judged by agreement
  /// with the dense network; for other networks [#OUTPUTS].
  SELF,
  /// No labels: mean squared change of the outputs, whatever they mean; judged by fidelity.
  OUTPUTS;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Returns the loss of a name, in upper or lower case.
  ///
  /// @throws IllegalArgumentException if there is none; the message lists those there are
  public static Loss of(String id) {
    return Arrays.stream(values())
        .filter(loss -> loss.id().equalsIgnoreCase(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "loss '%s' is unknown; known are %s"
                    .formatted(
                        id,
                        Arrays.stream(values()).map(Loss::id).collect(Collectors.joining(", ")))));
  }
}
