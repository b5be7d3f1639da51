package falcon.prune.page;

import com.fasterxml.jackson.databind.JsonNode;
import falcon.prune.report.DropEstimate;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The report of a run on one screen, as Markdown for a pull request or a model card.
public final class MarkdownReport {
  /// Number of warnings that are shown.
  private static final int WARNINGS = 5;

  /// Number of layers of the greatest output errors that are shown.
  private static final int LAYERS = 5;

  private final RunResult result;
  private final List<String> lines = new ArrayList<>();

  private MarkdownReport(RunResult result) {
    this.result = result;
  }

  /// Returns the text of the report.
  public static String of(RunResult result) {
    var report = new MarkdownReport(result);
    report.write();
    return ReportFile.marked(String.join("\n", report.lines) + "\n\n");
  }

  /// Writes the report to a file, which is either complete or unchanged; an existing file is
  /// replaced.
  ///
  /// @throws falcon.model.UnwritableFileException if it cannot be written
  public static void write(RunResult result, Path file) {
    ReportFile.write(file, of(result));
  }

  private void write() {
    lines.add("### " + plain(result.title()));
    warnings();
    budget();
    quality();
    layers();
    certificate();
    origin();
  }

  private void warnings() {
    JsonNode warnings = result.at("/warnings");
    int shown = 0;
    for (JsonNode warning : warnings) {
      if (shown++ < WARNINGS) {
        if (shown == 1) {
          lines.add("");
        }
        lines.add("- **Warning:** " + plain(warning.asText()));
      }
    }
    if (shown > WARNINGS) {
      lines.add("- %d more warnings".formatted(shown - WARNINGS));
    }
  }

  /// Returns a number of a further resource, which may be a fraction.
  private static String amount(JsonNode number) {
    double value = number.doubleValue();
    return !number.isNumber()
        ? RunResult.NONE
        : value == Math.rint(value) ? "%,.0f".formatted(value) : "%.4g".formatted(value);
  }

  private void budget() {
    var rows = new ArrayList<List<String>>();
    for (Map.Entry<String, JsonNode> entry : result.at("/budget").properties()) {
      JsonNode budget = entry.getValue();
      String label =
          switch (entry.getKey()) {
            case "macs" -> "MACs";
            case "nnz" -> "weights";
            default -> plain(entry.getKey());
          };
      if (budget.isObject()) {
        rows.add(
            List.of(
                label,
                plain(budget.path("request").asText(RunResult.NONE)),
                count(budget.path("used")),
                count(budget.path("total")),
                RunResult.percentText(result.kept(entry.getKey())),
                RunResult.percentText(RunResult.number(budget.at("/network/percent")))));
      }
    }
    for (JsonNode resource : result.at("/budget/resources")) {
      String unit = resource.path("unit").asText();
      rows.add(
          List.of(
              plain(resource.path("name").asText())
                  + (unit.isEmpty() || unit.equals(resource.path("name").asText())
                      ? ""
                      : ", " + plain(unit)),
              plain(resource.path("request").asText(RunResult.NONE)),
              amount(resource.path("used")),
              amount(resource.path("total")),
              "",
              RunResult.percentText(RunResult.number(resource.path("percent")))));
    }
    Double bytes = result.number("/model/bytes");
    if (bytes != null) {
      rows.add(
          List.of(
              "bytes of the file",
              "",
              count(result.at("/model/bytes")),
              count(result.at("/model/denseBytes")),
              "",
              RunResult.percentText(share(bytes, result.number("/model/denseBytes")))));
    }
    for (JsonNode speed : result.at("/speed")) {
      Double pruned = RunResult.number(speed.path("pruned"));
      Double dense = RunResult.number(speed.path("dense"));
      if (pruned != null) {
        rows.add(
            List.of(
                "milliseconds%s, %s"
                    .formatted(
                        speed.path("batch").asInt(1) > 1
                            ? " for %d examples".formatted(speed.path("batch").asInt())
                            : "",
                        plain(speed.path("runtime").asText())),
                "",
                "%.3g".formatted(pruned),
                dense == null ? RunResult.NONE : "%.3g".formatted(dense),
                "",
                RunResult.percentText(share(pruned, dense))));
      }
    }
    table(List.of("", "asked", "used", "of", "kept", "of the whole network"), rows);
  }

  private static @Nullable Double share(double part, @Nullable Double whole) {
    return whole == null || whole == 0 ? null : 100 * part / whole;
  }

  private void quality() {
    List<RunResult.Quality> all = result.qualities();
    if (all.isEmpty()) {
      lines.add("");
      lines.add("Nothing was measured.");
      return;
    }
    var rows = new ArrayList<List<String>>();
    for (RunResult.Quality quality : all) {
      rows.add(
          List.of(
              "%s, %s".formatted(quality.measure(), quality.split()),
              RunResult.percentText(quality.percent("dense")),
              RunResult.percentText(quality.percent("final")),
              quality.intervalText(""),
              quality.values().path("samples").isNumber()
                  ? count(quality.values().path("samples"))
                  : ""));
    }
    table(
        List.of("", result.isTraining() ? "before" : "dense", "final", "95 % interval", "samples"),
        rows);
    DropEstimate drop = result.drop();
    Double most = result.number("/maxDrop/asked");
    if (drop != null && most != null) {
      lines.add("");
      lines.add(
          "At most %s points lost were asked for: %.2f on the held-out samples, %.2f to %.2f on all of the kind with 95 %% confidence."
              .formatted(
                  BigDecimal.valueOf(most).stripTrailingZeros().toPlainString(),
                  drop.points(),
                  drop.low(),
                  drop.high()));
    }
  }

  private void layers() {
    List<JsonNode> worst =
        Stream.of(result.at("/layers"))
            .flatMap(JsonNode::valueStream)
            .filter(layer -> RunResult.number(layer.path("outputError")) != null)
            .sorted(
                Comparator.comparingDouble(
                        (JsonNode layer) -> layer.path("outputError").doubleValue())
                    .reversed())
            .limit(LAYERS)
            .toList();
    if (worst.isEmpty()) {
      return;
    }
    var rows = new ArrayList<List<String>>();
    for (JsonNode layer : worst) {
      rows.add(
          List.of(
              plain(layer.path("name").asText()),
              plain(layer.path("kind").asText(RunResult.NONE)),
              RunResult.percentText(
                  share(layer.path("kept").doubleValue(), RunResult.number(layer.path("weights")))),
              "%.3g %%".formatted(100 * layer.path("outputError").doubleValue())));
    }
    table(List.of("greatest output errors", "kind", "kept", "error"), rows);
  }

  private void certificate() {
    Double bound = result.number("/certificate/bound");
    Double gap = result.number("/certificate/gap");
    if (bound != null && gap != null) {
      lines.add("");
      lines.add(
          "Certificate: no choice within the budget keeps more than %.4g %% beyond this one's saliency."
              .formatted(bound > 0 ? 100 * gap / bound : 0));
    }
  }

  private void origin() {
    Double seconds = result.seconds();
    lines.add("");
    lines.add(
        "Falcon %s, seed %s%s: `%s`"
            .formatted(
                plain(result.at("/versions/falcon").asText()),
                plain(result.at("/seed").asText(RunResult.NONE)),
                seconds == null ? "" : ", %.1f s".formatted(seconds),
                inCode(result.at("/command").asText())));
  }

  private void table(List<String> head, List<List<String>> rows) {
    lines.add("");
    lines.add(row(head));
    lines.add("|---" + "|--:".repeat(head.size() - 1) + "|");
    rows.forEach(cells -> lines.add(row(cells)));
  }

  private static String row(List<String> cells) {
    return "| %s |".formatted(String.join(" | ", cells));
  }

  private static String count(JsonNode node) {
    return node.isNumber() ? "%,d".formatted(node.longValue()) : RunResult.NONE;
  }

  /// Returns a text that Markdown shows as it is, in one line.
  static String plain(String text) {
    var plain = new StringBuilder(text.length());
    oneLine(text)
        .codePoints()
        .forEach(sign -> {
          switch (sign) {
            case '&' -> plain.append("&amp;");
            case '<' -> plain.append("&lt;");
            case '>' -> plain.append("&gt;");
            case '|' -> plain.append("&#124;");
            case '\\', '`', '*', '_', '[', ']', '#', '~', '$', '!', '@' ->
                plain.append('\\').appendCodePoint(sign);
            default -> plain.appendCodePoint(sign);
          }
        });
    return plain.toString();
  }

  /// Returns a text for a code span between single backticks, which cannot hold one.
  private static String inCode(String text) {
    return oneLine(text).replace('`', '\'');
  }

  /// Returns a text without line ends and control characters; those that turn the direction of
  /// writing are shown by number.
  private static String oneLine(String text) {
    var line = new StringBuilder(text.length());
    text.codePoints()
        .forEach(sign -> {
          if (Character.getType(sign) == Character.FORMAT) {
            line.append("U+%04X".formatted(sign));
          } else {
            line.appendCodePoint(
                Character.isISOControl(sign)
                        || Character.getType(sign) == Character.LINE_SEPARATOR
                        || Character.getType(sign) == Character.PARAGRAPH_SEPARATOR
                    ? ' '
                    : sign);
          }
        });
    return line.toString().strip();
  }
}
