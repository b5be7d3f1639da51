package falcon.spark;

import falcon.prune.options.PruningException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What Spark could not do, in a sentence: its own messages hold stack traces of executors.
final class SparkFailures {
  private static final Pattern REASON =
      Pattern.compile("(?:most recent failure|Exception failure)[^:]*: ([^\n]*)");

  private SparkFailures() {}

  /// Returns the failure of a job.
  static RuntimeException told(RuntimeException failure) {
    String message = String.valueOf(failure.getMessage());
    if (failure instanceof PruningException || message.contains("cancelled")) {
      return failure;
    }
    return new PruningException(
        PruningException.Kind.MACHINE,
        "The cluster did not finish a job: %s.%nThe executors' logs, in Spark's web pages, tell more."
            .formatted(reason(message)),
        failure);
  }

  private static String reason(String message) {
    @Nullable String found = null;
    Matcher matcher = REASON.matcher(message);
    while (matcher.find()) {
      found = matcher.group(1);
    }
    String told = found != null ? found : message.lines().findFirst().orElse("no reason is given");
    return told.strip().replaceAll("\\.$", "");
  }
}
