import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;

/// Checks a result.json: budgets kept, layers add up, what the network is judged by (accuracy,
/// agreement) in the end at least the second argument, on the test samples or, if it was not
/// tested, the validation samples.
final class CheckResult {
  public static void main(String[] args) throws Exception {
    JsonNode result = new ObjectMapper().readTree(Files.readAllBytes(Path.of(args[0])));
    require(result.at("/schemaVersion").intValue() == 1, "schemaVersion");
    for (String resource : new String[] {"macs", "nnz"}) {
      JsonNode budget = result.at("/budget/" + resource);
      long used = budget.get("used").longValue();
      require(used > 0 && used <= budget.get("asked").longValue(), "over budget: " + budget);
      long sum = 0;
      for (JsonNode layer : result.get("layers")) {
        sum += layer.get(resource.equals("macs") ? "macsKept" : "kept").longValue();
      }
      require(sum == used, resource + ": layers add up to " + sum + ", used are " + used);
    }
    JsonNode certificate = result.get("certificate");
    require(
        certificate.get("gap").doubleValue() <= 1e-3 * certificate.get("bound").doubleValue(),
        "gap: " + certificate);
    JsonNode parts = result.get(result.get("measure").textValue());
    JsonNode part = parts.hasNonNull("test") ? parts.get("test") : parts.get("validation");
    double share = part.get("final").doubleValue();
    require(share >= Double.parseDouble(args[1]), parts.toString());
    require(result.at("/peakMemoryBytes").longValue() < 2.5 * (1L << 30), "peak memory");
    System.out.println("result.json: budgets kept, " + result.get("measure").textValue() + " " + share + " %");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      System.err.println("result.json: " + what);
      System.exit(1);
    }
  }
}
