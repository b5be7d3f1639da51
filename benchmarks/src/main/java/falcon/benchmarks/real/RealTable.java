package falcon.benchmarks.real;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The table of `docs/results/real.md`. The row of each network is kept in a file, so that single
/// networks can be measured again.
@Command(
    name = "real",
    description = "Networks that npm and Maven packages ship, on data made for them.",
    mixinStandardHelpOptions = true)
public final class RealTable implements Callable<Integer> {
  private static final String HEADER =
      """
      | network | what it does | MACs | of these prunable | kept | samples, test | dense | magnitude | falcon | fidelity: magnitude | falcon | the same by Falcon | seconds | GiB |
      |---|---|---|---|---|---|---|---|---|---|---|---|---|---|
      """;

  @Parameters(paramLabel = "DIR", description = "The folder that models/real.sh fills.")
  private Path folder = Path.of("");

  @Option(
      names = "--text",
      required = true,
      paramLabel = "SST2",
      description = "Folder with train.tsv and test.tsv: sentence, tab, 0 or 1.")
  private Path text = Path.of("");

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "Measure only these; rows of the others stay as they are.")
  private List<String> only = List.of();

  @Option(
      names = "--launcher",
      paramLabel = "FILE",
      description = "Falcon's command line; ./falcon if unset.")
  private Path launcher = Path.of("falcon");

  private RealTable() {}

  @Override
  public Integer call() throws Exception {
    System.setProperty("java.awt.headless", "true");
    Path runs = Files.createDirectories(folder.resolve("runs"));
    var falcon = new FalconProcess(launcher, runs);
    var networks = new RealNetworks(folder, text);
    var rows = new ArrayList<String>();
    var notes = new ArrayList<String>();
    for (RealNetwork network : networks.all()) {
      Path row = runs.resolve(network.name() + ".md");
      if (only.isEmpty() || only.contains(network.name())) {
        System.err.println(network.name());
        Path file = folder.resolve(network.name() + ".onnx");
        var measured = new RealRow(network, file, runs.resolve(network.name()), falcon);
        var lines = new ArrayList<String>(List.of(measured.measured(networks)));
        lines.addAll(measured.refusals());
        Files.write(row, lines);
      }
      if (Files.exists(row)) {
        List<String> lines = Files.readAllLines(row);
        rows.add(lines.getFirst());
        notes.addAll(lines.subList(1, lines.size()));
      }
    }
    System.out.print(HEADER);
    rows.forEach(System.out::println);
    System.out.println("\nWhat was refused, and warnings, word for word:\n");
    notes.stream().distinct().forEach(System.out::println);
    return 0;
  }
}
