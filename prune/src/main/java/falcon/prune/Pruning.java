package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A run that is being prepared: set what differs from the defaults, then [#run].
@SuppressWarnings({"UnusedVariable", "DoNotCallSuggester"})
public final class Pruning {
  private final Network network;
  private final Dataset data;
  private final BudgetRequest budget;
  private PruningOptions options = PruningOptions.defaults();
  private @Nullable Preprocessing preprocessing;
  private Progress progress = Progress.SILENT;
  private StageStore stages = StageStore.NONE;
  private boolean readsTest = true;

  Pruning(Network network, Dataset data, BudgetRequest budget) {
    this.network = Objects.requireNonNull(network);
    this.data = Objects.requireNonNull(data);
    this.budget = Objects.requireNonNull(budget);
  }

  /// All options at once.
  public Pruning options(PruningOptions value) {
    options = Objects.requireNonNull(value);
    return this;
  }

  /// How pixels become inputs; without it what the network's metadata says, or else the data layout's
  /// default.
  public Pruning preprocessing(Preprocessing value) {
    preprocessing = Objects.requireNonNull(value);
    return this;
  }

  /// Who hears how it goes.
  public Pruning progress(Progress value) {
    progress = Objects.requireNonNull(value);
    return this;
  }

  /// Where finished stages are kept; those already there are not computed again.
  public Pruning stages(StageStore value) {
    stages = Objects.requireNonNull(value);
    return this;
  }

  /// Whether the test split is read at the end, once.
  public Pruning test(boolean value) {
    readsTest = value;
    return this;
  }

  /// What the run would do.
  ///
  /// @throws PruningException if options contradict each other, or the budget cannot be met
  public PruningPlan plan() {
    throw new UnsupportedOperationException();
  }

  /// Prunes.
  ///
  /// @throws PruningException as [#plan], or if the network or the data cannot be used
  public PrunedNetwork run() {
    throw new UnsupportedOperationException();
  }
}
