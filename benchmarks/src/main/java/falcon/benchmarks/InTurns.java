package falcon.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/// Two ways of computing the same for a batch, timed in turns.
///
/// @param batch number of samples of a repetition
/// @param one the way under test
/// @param other the way that it is compared with
/// @param compared the quantity compared between the two results
/// @param difference greatest relative difference between the results
record InTurns(
    Path model, int batch, int threads, Way one, Way other, String compared, double difference) {
  /// One of the two ways.
  static final class Way {
    private final String label;
    private final String key;
    private final double[] seconds;

    /// @param label name for people
    /// @param key prefix of its keys in JSON
    /// @param seconds time of each repetition
    Way(String label, String key, double[] seconds) {
      this.label = label;
      this.key = key;
      this.seconds = seconds.clone();
      Arrays.sort(this.seconds);
    }

    private double median() {
      return seconds[seconds.length / 2];
    }

    private double least() {
      return seconds[0];
    }

    private String text() {
      return String.format(Locale.ROOT, "%s %.1f (%.1f) ms", label, 1e3 * median(), 1e3 * least());
    }

    private void addTo(ObjectNode root) {
      root.put(key + "Seconds", median()).put(key + "LeastSeconds", least());
    }
  }

  private double ratio() {
    return one.median() / other.median();
  }

  /// Returns the figures as one JSON object.
  String json() throws JsonProcessingException {
    var mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("model", model.getFileName().toString());
    root.put("batch", batch).put("threads", threads).put("repetitions", one.seconds.length);
    one.addTo(root);
    other.addTo(root);
    root.put("ratio", ratio()).put("relativeDifference", difference);
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root);
  }

  /// Returns the figures as two lines of text.
  String text() {
    return String.format(
        Locale.ROOT,
        "%s, batch %d, %d threads, median (least) of %d in turns:%n"
            + "%s, %s, ratio %.2f (%.2f), %s differ by %.1e",
        model.getFileName(),
        batch,
        threads,
        one.seconds.length,
        one.text(),
        other.text(),
        ratio(),
        one.least() / other.least(),
        compared,
        difference);
  }
}
