package falcon.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/// Two ways of doing the same to a batch, timed in turns.
///
/// @param batch samples of a repetition
/// @param one the way that is judged
/// @param other the way that it is compared with
/// @param compared what was compared of the two results
/// @param difference greatest one between the results, relative
record InTurns(
    Path model, int batch, int threads, Way one, Way other, String compared, double difference) {
  /// One of the two ways.
  static final class Way {
    private final String label;
    private final String key;
    private final double[] seconds;

    /// @param label what it is called for people
    /// @param key what its keys in JSON begin with
    /// @param seconds of each repetition
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

  /// @return one object
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

  /// @return two lines
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
