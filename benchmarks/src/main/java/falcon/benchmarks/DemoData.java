package falcon.benchmarks;

import falcon.data.format.Datasets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Writes the data of the demo (`demo/README.md`), or another part of a data set of grey images.
@Command(
    name = "demo-data",
    description = "Writes a class-balanced part of a data set of grey images as idx files.",
    mixinStandardHelpOptions = true)
final class DemoData implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "SOURCE", description = "Folder of the whole data set.")
  private Path source = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where the four files go; those of the same names are replaced.")
  private Path out = Path.of("");

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Training images, as many of each class; 10,000 if unset.")
  private int count = 10_000;

  @Option(names = "--seed", paramLabel = "N", description = "Which images are taken; 1 if unset.")
  private long seed = 1;

  private DemoData() {}

  @Override
  public Integer call() {
    IdxSubset.write(Datasets.open(source), count, seed, out);
    return 0;
  }
}
