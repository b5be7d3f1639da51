package falcon.benchmarks;

import falcon.benchmarks.layers.LayerTable;
import falcon.benchmarks.real.RealTable;
import falcon.benchmarks.solver.SolverTable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `./benchmarks/run NAME [--json]`: measures one table of `docs/results` and prints it, or writes
/// the demo's data.
@Command(
    name = "benchmarks/run",
    description = "Measures one table of docs/results and prints it, or writes the demo's data.",
    mixinStandardHelpOptions = true,
    subcommands = {
      SolverTable.class,
      LayerTable.class,
      AblationTable.class,
      ModelTable.class,
      ForwardTable.class,
      GradientsTable.class,
      EmbeddingTable.class,
      FewSamplesTable.class,
      RefinementTable.class,
      RealTable.class,
      DemoData.class
    })
final class Main {
  private Main() {}

  /// Runs the table named by the arguments and ends the process with its exit code.
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Main()).execute(arguments));
  }
}
