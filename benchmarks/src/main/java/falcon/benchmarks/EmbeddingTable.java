package falcon.benchmarks;

import falcon.data.Dataset;
import falcon.data.NamedArrays;
import falcon.data.Samples;
import falcon.data.format.Datasets;
import falcon.model.format.Networks;
import falcon.torch.kernel.Workers;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The table of sentence embeddings after pruning: the pruned encoders against the dense one, on
/// the test sentences.
@Command(
    name = "embeddings",
    description = "How well sentence embeddings survive pruning.",
    mixinStandardHelpOptions = true)
final class EmbeddingTable implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "DENSE", description = "The encoder, .onnx.")
  private Path dense = Path.of("");

  @Parameters(index = "1..*", paramLabel = "PRUNED", description = "Pruned encoders, .onnx.")
  private List<Path> pruned = List.of();

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder with test.npz: input_ids, attention_mask, …")
  private Path data = Path.of("");

  @Option(names = "--sentences", paramLabel = "N", description = "The first N; 500 if unset.")
  private int sentences = 500;

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  private EmbeddingTable() {}

  @Override
  public Integer call() {
    Dataset dataset = Datasets.open(data);
    Samples test = dataset.hasTest() ? dataset.test() : dataset.train();
    if (!(test instanceof NamedArrays arrays)) {
      System.err.println("%s holds no arrays (test.npz)".formatted(data));
      return 2;
    }
    try (var workers = new Workers(threads)) {
      SentenceEmbeddings wanted =
          SentenceEmbeddings.of(Networks.read(dense), arrays, sentences, workers);
      System.out.println(
          "| network | sentences | cosine to the dense embedding | rank correlation of similarities | same nearest sentence |\n|---|---|---|---|---|");
      for (Path model : pruned) {
        SentenceEmbeddings found =
            SentenceEmbeddings.of(Networks.read(model), arrays, sentences, workers);
        System.out.printf(
            Locale.ROOT,
            "| %s | %d | %.4f | %.4f | %.1f %% |%n",
            model,
            wanted.count(),
            wanted.meanCosine(found),
            wanted.rankCorrelation(found),
            wanted.sameNearest(found));
      }
    }
    return 0;
  }
}
