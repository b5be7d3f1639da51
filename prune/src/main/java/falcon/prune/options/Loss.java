package falcon.prune.options;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// The objective of a pruned network: it decides the measure that networks are judged by
/// ([Measure]) and, for [Curvature#EMPIRICAL], the loss whose gradients are taken.
public enum Loss {
  /// Chooses [#LABELS] if the data have classes and the network is a classifier, else [#SELF].
  AUTO,
  /// The cross-entropy with the labels; networks are judged by their accuracy.
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

  /// Returns the loss with the given name, in upper or lower case.
  ///
  /// @throws IllegalArgumentException if there is none; the message lists the existing ones
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
