package falcon.benchmarks.solver;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The table of `docs/results/solver.md`.
@Command(
    name = "solver",
    description = "Speed and memory of projection and quadratic solver.",
    mixinStandardHelpOptions = true)
public final class SolverTable implements Callable<Integer> {
  @Option(names = "--json", description = "Print one JSON object, keys as in docs/results.")
  private boolean isJson;

  @Option(names = "--only", paramLabel = "PART", description = "Only measurements of that name.")
  private @Nullable String only;

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  static List<Measurement> measurements() {
    return List.of(
        new ProjectionMeasurement(),
        new BacksolveMeasurement(),
        new ReconstructionMeasurement(),
        new MatrixMeasurement(),
        new FirstOrderMeasurement(),
        new FullScaleMeasurement());
  }

  @Override
  public Integer call() throws Exception {
    List<Figure> figures = new ArrayList<>();
    for (Measurement measurement : measurements()) {
      if (only == null || measurement.name().equals(only)) {
        System.err.printf("measuring %s%n", measurement.name());
        figures.addAll(measurement.measure(threads));
      }
    }
    System.out.println(isJson ? json(figures) : markdown(figures));
    return 0;
  }

  private String machine() {
    return "%s %s, %d threads, %s, kernels: %s"
        .formatted(
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            threads,
            Runtime.version(),
            Kernels.active().name());
  }

  private String json(List<Figure> figures) throws java.io.IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("machine", machine());
    for (Figure figure : figures) {
      int dot = figure.key().indexOf('.');
      root.withObject("/" + figure.key().substring(0, dot))
          .put(figure.key().substring(dot + 1), figure.median());
    }
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root);
  }

  private String markdown(List<Figure> figures) {
    StringBuilder text = new StringBuilder();
    text.append(machine()).append("\n\n");
    text.append("| key | what | median | least … greatest | goal |\n|---|---|---|---|---|\n");
    for (Figure f : figures) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %.4g %s | %.4g … %.4g | %s |%n",
              f.key(),
              f.what(),
              f.median(),
              f.unit(),
              f.least(),
              f.greatest(),
              f.goal()));
    }
    return text.toString();
  }
}
