package falcon.prune.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Collectors;

/// A note for a reader of the report on how a stage was done.
public sealed interface StageNote {
  /// Returns the note in one sentence without a full stop, as it appears in `result.json` and the
  /// summary.
  String text();

  /// A note on layers whose least squares were solved on their rows.
  ///
  /// @param layers the layers, at least one
  record SolvedOnRows(List<RowLayer> layers) implements StageNote {
    /// Copies the list.
    public SolvedOnRows {
      layers = List.copyOf(layers);
    }

    @Override
    public String text() {
      return "re-fitted on their rows by conjugate gradients, not on the products of their inputs: "
          + layers.stream()
              .map(layer ->
                  "%s (%d inputs, %d rows)"
                      .formatted(layer.tensorName(), layer.inputs(), layer.rows()))
              .collect(Collectors.joining(", "));
    }
  }

  /// A layer that was solved on its rows.
  ///
  /// @param tensorName name of its weight tensor
  /// @param inputs number of inputs of one output
  /// @param rows number of rows of inputs that it was solved on
  record RowLayer(String tensorName, int inputs, int rows) {}

  /// A note on the choice between two supports by held-out samples.
  ///
  /// @param isSearched whether the support of the support search was chosen
  /// @param samples number of held-out samples that decided, 1 or more
  /// @param searched fidelity of the outputs with the support search, in percent
  /// @param greatest fidelity with the greatest weights, in percent
  record SupportChoice(boolean isSearched, int samples, double searched, double greatest)
      implements StageNote {
    @Override
    public String text() {
      return "%s: on %d held-out samples the outputs' fidelity is %.2f %% with the support search and %.2f %% with the greatest weights"
          .formatted(
              isSearched ? "support search taken" : "support search not taken",
              samples,
              searched,
              greatest);
    }
  }

  /// Which of two outcomes held-out samples decided for: the re-fitted one, or that of magnitude
  /// pruning.
  ///
  /// @param measure what decided: `fidelity` of the outputs, or what the run is judged by
  /// @param samples held-out samples that decided, 1 or more
  /// @param refitted percentage of the re-fitted network; NaN if its outputs are no numbers
  /// @param magnitude percentage of magnitude's
  record MagnitudeChoice(String measure, int samples, double refitted, double magnitude)
      implements StageNote {
    /// Returns whether magnitude's is the better one.
    public boolean isMagnitudeBetter() {
      return !(refitted >= magnitude);
    }

    @Override
    public String text() {
      return "%s: on %d held-out samples the %s is %.2f %% with the re-fitted weights and %.2f %% with the greatest weights as they are"
          .formatted(
              isMagnitudeBetter() ? "re-fitted weights not taken" : "re-fitted weights taken",
              samples,
              measure,
              refitted,
              magnitude);
    }
  }

  /// A note on a refinement that was discarded, since it did harm.
  ///
  /// @param samples number of held-out samples that decided, 1 or more
  /// @param before fidelity of the outputs before the refinement, in percent
  /// @param after fidelity after it, in percent; NaN if outputs are NaN
  record HarmfulRefinement(int samples, double before, double after) implements StageNote {
    @Override
    public String text() {
      return Double.isNaN(after)
          ? "refinement not taken: on %d held-out samples its outputs are not finite"
              .formatted(samples)
          : "refinement not taken: on %d held-out samples the outputs' fidelity fell from %.2f to %.2f %%"
              .formatted(samples, before, after);
    }
  }

  /// A note on a refinement that was discarded, since it ended in a failure.
  ///
  /// @param reason reason of the failure, in words
  record FailedRefinement(String reason) implements StageNote {
    @Override
    public String text() {
      return "refinement not taken: " + reason;
    }
  }

  /// A note in words: of a program's own method, or from a run folder that an earlier version
  /// wrote.
  ///
  /// @param text one sentence without a full stop
  record Remark(String text) implements StageNote {}

  /// A note on a retraining.
  ///
  /// @param report its report
  record Retrained(RetrainingReport report) implements StageNote {
    @Override
    public String text() {
      return report.text();
    }
  }

  /// Writes notes to an array, so that [#read] returns equal ones.
  static void write(List<StageNote> notes, ArrayNode array) {
    for (StageNote note : notes) {
      switch (note) {
        case SolvedOnRows rows -> {
          ArrayNode layers = array.addObject().put("kind", "solvedOnRows").putArray("layers");
          for (RowLayer layer : rows.layers()) {
            layers
                .addObject()
                .put("tensor", layer.tensorName())
                .put("inputs", layer.inputs())
                .put("rows", layer.rows());
          }
        }
        case SupportChoice choice ->
            array
                .addObject()
                .put("kind", "supportChoice")
                .put("isSearched", choice.isSearched())
                .put("samples", choice.samples())
                .put("searched", choice.searched())
                .put("greatest", choice.greatest());
        case MagnitudeChoice choice -> {
          ObjectNode node = array.addObject().put("kind", "magnitudeChoice");
          node.put("measure", choice.measure())
              .put("samples", choice.samples())
              .put("magnitude", choice.magnitude());
          if (!Double.isNaN(choice.refitted())) {
            node.put("refitted", choice.refitted()); // JSON has no NaN
          }
        }
        case HarmfulRefinement harm -> {
          ObjectNode node = array.addObject().put("kind", "harmfulRefinement");
          node.put("samples", harm.samples()).put("before", harm.before());
          if (!Double.isNaN(harm.after())) {
            node.put("after", harm.after()); // JSON has no NaN
          }
        }
        case FailedRefinement failure ->
            array.addObject().put("kind", "failedRefinement").put("reason", failure.reason());
        case Retrained retrained ->
            array.addObject().put("kind", "retrained").set("report", retrained.report().toJson());
        case Remark remark -> array.add(remark.text());
      }
    }
  }

  /// Reads the notes that [#write] wrote.
  ///
  /// @throws IllegalArgumentException if the array has other content
  static List<StageNote> read(JsonNode array) {
    return array.valueStream().map(StageNote::note).toList();
  }

  private static StageNote note(JsonNode node) {
    if (node.isTextual()) {
      return new Remark(node.textValue());
    }
    String kind = node.path("kind").asText();
    return switch (kind) {
      case "solvedOnRows" ->
          new SolvedOnRows(
              node.required("layers")
                  .valueStream()
                  .map(layer ->
                      new RowLayer(
                          layer.required("tensor").asText(),
                          layer.required("inputs").intValue(),
                          layer.required("rows").intValue()))
                  .toList());
      case "supportChoice" ->
          new SupportChoice(
              node.required("isSearched").booleanValue(),
              node.required("samples").intValue(),
              node.required("searched").doubleValue(),
              node.required("greatest").doubleValue());
      case "magnitudeChoice" ->
          new MagnitudeChoice(
              node.required("measure").asText(),
              node.required("samples").intValue(),
              node.path("refitted").asDouble(Double.NaN),
              node.required("magnitude").doubleValue());
      case "harmfulRefinement" ->
          new HarmfulRefinement(
              node.required("samples").intValue(),
              node.required("before").doubleValue(),
              node.path("after").asDouble(Double.NaN));
      case "retrained" -> new Retrained(RetrainingReport.read(node.required("report")));
      case "failedRefinement" -> new FailedRefinement(node.required("reason").asText());
      default ->
          throw new IllegalArgumentException("a note of an unknown kind: '%s'".formatted(kind));
    };
  }
}
