package falcon.cli.speed;

import falcon.budget.SparsityPattern;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.layer.Layer;
import falcon.model.layer.LayerSelection;
import falcon.model.layer.Layers;
import falcon.model.layer.NamePattern;
import falcon.prune.Falcon;
import falcon.prune.costs.NetworkHash;
import falcon.prune.costs.TimingTable;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/// Measures how the time of each layer in `falcon.runtime` depends on the number of its weights.
///
/// The network is pruned to the same share of weights in every layer, for several shares, and runs
/// in turns with the dense network; the time of each step is added up. A layer's step includes what
/// is computed with it (bias, sum, activation), in the state of the caches that a run leaves.
public final class LayerTimes {
  /// Shares of weights that are measured. Above a third of scattered weights, or half of blocks,
  /// the runtime computes layers densely, and more zeros save nothing.
  private static final List<Double> SHARES = List.of(0.03, 0.08, 0.15, 0.25, 0.35);

  /// Share of what an n:m pattern lets stay that is measured at most.
  private static final double MOST_OF_PATTERN = 0.9;

  /// Number of rounds here in the time of one of [Timing]: short ones are often undisturbed.
  private static final int PARTS = 5;

  private static final double ROUND_NANOS = 4e6;
  private static final int LEAST_ROUNDS = 30;

  /// One of so many rounds counts.
  private static final int CALM = 3;

  private LayerTimes() {}

  /// The median times of a network's steps, in milliseconds.
  private record Measured(double whole, Map<String, Double> byLabel) {
    double of(List<String> labels) {
      return labels.stream().mapToDouble(label -> byLabel.getOrDefault(label, 0.0)).sum();
    }
  }

  /// Measures a network.
  ///
  /// @param network the dense network
  /// @param patterns patterns of the zeros
  /// @param batch number of examples of a run, 1 or more, where the network leaves it open
  /// @param threads number of threads, 1 or more
  /// @param seconds time for the warm-up of each pruned network, and again for its measurement,
  ///     above 0
  /// @throws falcon.prune.options.PruningException if the network cannot be pruned
  public static TimingTable measure(
      Network network,
      List<SparsityPattern> patterns,
      int batch,
      int threads,
      LayerSelection selection,
      double seconds) {
    Layers layers = Layers.of(network, selection);
    Map<String, Tensor> inputs = ExampleInputs.of(network, batch);
    var byPattern = new LinkedHashMap<String, TimingTable.PatternTimes>();
    for (SparsityPattern pattern : patterns) {
      List<PrunedNetwork> pruned =
          SHARES.stream().map(share -> pruned(network, pattern, selection, share)).toList();
      var engines = new ArrayList<FalconEngine>();
      try {
        engines.add(FalconEngine.load(network, inputs, threads));
        for (PrunedNetwork each : pruned) {
          engines.add(FalconEngine.load(each.network(), inputs, threads));
        }
        byPattern.put(
            pattern.toString(),
            times(layers, pruned, inTurns(engines, seconds, Timing.clock(threads))));
      } finally {
        engines.forEach(FalconEngine::close);
      }
    }
    return new TimingTable(
        NetworkHash.of(layers), batch, threads, TimingTable.thisMachine(), byPattern);
  }

  /// Prunes every layer to the same share of its weights, the greatest of each layer.
  private static PrunedNetwork pruned(
      Network network, SparsityPattern pattern, LayerSelection selection, double share) {
    double possible =
        pattern instanceof SparsityPattern.AtMost(int kept, int length)
            ? Math.min(share, MOST_OF_PATTERN * kept / length)
            : share;
    int block = pattern instanceof SparsityPattern.Blocks ? SparsityPattern.Blocks.HEIGHT : 1;
    var floor = new KeepFloor(new NamePattern("*"), new Amount.Share(possible));
    PruningOptions options =
        PruningOptions.builder()
            .method(Method.MAGNITUDE)
            .pattern(pattern)
            .selection(selection)
            .floors(List.of(floor))
            .build();
    List<Layer> layers = Layers.of(network, selection).prunable();
    long weights = 0;
    for (Layer layer : layers) {
      weights += (long) block * Math.ceilDiv(floor.of(layer.weights()), block);
    }
    while (true) {
      try {
        var budget =
            new BudgetRequest(new Amount.Share(1), new NnzRule.Limit(new Amount.Count(weights)));
        return Falcon.prune(network, budget).options(options).run();
      } catch (PruningException e) {
        // Layers whose outputs are no multiple of a block's need some weights more.
        if (e.kind() != PruningException.Kind.BUDGET || block == 1) {
          throw e;
        }
        weights += (long) block * layers.size();
      }
    }
  }

  /// @param measured of the dense network first
  private static TimingTable.PatternTimes times(
      Layers layers, List<PrunedNetwork> pruned, List<Measured> measured) {
    Measured dense = measured.getFirst();
    var times = new LinkedHashMap<String, TimingTable.LayerTime>();
    Map<String, List<String>> labels = new LinkedHashMap<>();
    for (Layer layer : layers.prunable()) {
      labels.put(layer.tensor(), layer.nodes().stream().map(Node::label).distinct().toList());
    }
    for (int l = 0; l < pruned.getFirst().plan().layers().size(); l++) {
      String name = pruned.getFirst().plan().layers().get(l).name();
      List<String> own = labels.getOrDefault(name, List.of());
      var points = new ArrayList<TimingTable.Point>();
      for (int s = 0; s < pruned.size(); s++) {
        Report.LayerReport layer = pruned.get(s).report().layers().get(l);
        points.add(new TimingTable.Point(layer.kept(), measured.get(s + 1).of(own)));
      }
      times.put(name, TimingTable.fitted(points, dense.of(own)));
    }
    List<String> all = labels.values().stream().flatMap(List::stream).distinct().toList();
    double[] others =
        measured.stream().skip(1).mapToDouble(each -> each.whole() - each.of(all)).toArray();
    return new TimingTable.PatternTimes(dense.whole(), Math.max(0, Timing.median(others)), times);
  }

  /// Measures engines in turns, so that whatever slows the machine down slows down all of them.
  ///
  /// @param clock measures whole rounds
  private static List<Measured> inTurns(
      List<FalconEngine> engines, double seconds, LongSupplier clock) {
    // Twice: what the JIT compiler knows of a kernel changes as further networks come to use it.
    engines.forEach(engine -> Timing.warm(engine, seconds, clock));
    int[] runs =
        engines.stream()
            .mapToInt(engine -> Math.max(1, Timing.warm(engine, seconds, clock) / PARTS))
            .toArray();
    int rounds = (int) Math.max(LEAST_ROUNDS, seconds * 1e9 / ROUND_NANOS);
    List<List<Round>> all = new ArrayList<>();
    engines.forEach(_ -> all.add(new ArrayList<>()));
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < runs.length; i++) {
        int engine = (i + round) % runs.length; // none is always behind the same one
        all.get(engine).add(Round.of(engines.get(engine), runs[engine], clock));
      }
    }
    var measured = new ArrayList<Measured>();
    for (int i = 0; i < runs.length; i++) {
      measured.add(measured(engines.get(i).steps(), all.get(i)));
    }
    return measured;
  }

  /// Returns the medians of the rounds in which the machine did the least else.
  private static Measured measured(List<String> labels, List<Round> rounds) {
    List<Round> calm =
        rounds.stream()
            .sorted(Comparator.comparingDouble(Round::elsewhere))
            .limit(Math.max(LEAST_ROUNDS / CALM, rounds.size() / CALM))
            .toList();
    var byLabel = new LinkedHashMap<String, Double>();
    for (int s = 0; s < labels.size(); s++) {
      int step = s;
      double time =
          Timing.median(calm.stream().mapToDouble(round -> round.steps().get(step)).toArray());
      byLabel.merge(labels.get(s), time, Double::sum);
    }
    return new Measured(Timing.median(calm.stream().mapToDouble(Round::own).toArray()), byLabel);
  }

  /// Some runs of an engine, in milliseconds of one run.
  ///
  /// @param own time by the clock
  /// @param elsewhere time that passed beside it
  /// @param steps time of each step
  private record Round(double own, double elsewhere, List<Double> steps) {
    static Round of(FalconEngine engine, int runs, LongSupplier clock) {
      var nanos = new long[engine.steps().size()];
      long begin = clock.getAsLong();
      for (int run = 0; run < runs; run++) {
        engine.run(nanos);
      }
      double own = (clock.getAsLong() - begin) / 1e6 / runs;
      List<Double> steps = Arrays.stream(nanos).mapToObj(sum -> sum / 1e6 / runs).toList();
      double passed = steps.stream().mapToDouble(Double::doubleValue).sum();
      return new Round(own, Math.max(0, passed - own), steps);
    }
  }
}
