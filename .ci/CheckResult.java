import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;

/// Checks a result.json: budgets kept, layers add up, final test accuracy at least the second argument.
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
    double accuracy = result.at("/accuracy/test/final").doubleValue();
    require(accuracy >= Double.parseDouble(args[1]), "test accuracy " + accuracy);
    require(result.at("/peakMemoryBytes").longValue() < 2.5 * (1L << 30), "peak memory");
    System.out.println("result.json: budgets kept, test accuracy " + accuracy + " %");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      System.err.println("result.json: " + what);
      System.exit(1);
    }
  }
}
