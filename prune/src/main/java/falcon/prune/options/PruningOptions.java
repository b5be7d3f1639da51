package falcon.prune.options;

import falcon.budget.SparsityPattern;
import falcon.model.Network;
import falcon.model.layer.LayerSelection;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The options of pruning: everything but network, data and budget. Immutable.
///
/// Options are set by name and read by group:
///
/// ```java
/// PruningOptions options =
///     PruningOptions.builder()
///         .method(Method.FALCON)
///         .samples(256)
///         .floors(List.of(KeepFloor.parse("5%")))
///         .threads(2)
///         .build();
/// System.out.println(
///     options.refit().samples() + " samples, " + options.machine().threads() + " threads");
/// ```
///
/// An option that is omitted, or null, is chosen to suit the method. Options that contradict each
/// other, are out of their range or would have no effect are refused when a run is planned:
/// [PruningException] of kind [PruningException.Kind#USAGE].
public final class PruningOptions {
  private final Method method;
  private final Loss loss;
  private final long seed;
  private final @Nullable ExampleShapes inputShapes;
  private final List<InputValue> inputs;
  private final SparsityPattern pattern;
  private final List<Amount> path;
  private final SearchOptions search;
  private final RefitOptions refit;
  private final RefinementOptions refinement;
  private final @Nullable RetrainingOptions retraining;
  private final MachineOptions machine;

  private PruningOptions(Builder builder) {
    method = builder.method;
    loss = builder.loss;
    seed = builder.seed;
    inputShapes = builder.inputShapes;
    inputs = builder.inputs;
    pattern = builder.pattern;
    path = builder.path;
    search = builder.search;
    refit = builder.refit;
    refinement = builder.refinement;
    retraining = builder.retraining;
    machine = builder.machine;
  }

  /// Creates a builder with these options.
  public Builder toBuilder() {
    return new Builder(this);
  }

  /// Returns the recommended options for first use: [Method#FALCON_PLUS_PLUS] in one stage, seed 1,
  /// all processors.
  public static PruningOptions defaults() {
    return builder().build();
  }

  /// Creates a builder with the defaults.
  public static Builder builder() {
    return new Builder();
  }

  /// Returns the method to choose and re-fit weights.
  public Method method() {
    return method;
  }

  /// Returns the objective of the pruned network.
  public Loss loss() {
    return loss;
  }

  /// Returns the seed of every random choice: the same seed gives the same bits.
  public long seed() {
    return seed;
  }

  /// Returns the shapes of one example where the network leaves axes open and the data do not
  /// determine them; null if none are given.
  public @Nullable ExampleShapes inputShapes() {
    return inputShapes;
  }

  /// Returns the inputs that have the same value for all samples; empty if there are none.
  public List<InputValue> inputs() {
    return inputs;
  }

  /// Returns the shape that the zeros of each layer have.
  public SparsityPattern pattern() {
    return pattern;
  }

  /// Returns the shrinking budgets of MACs that the network is pruned to before; see
  /// [Builder#path].
  public List<Amount> path() {
    return path;
  }

  /// Returns the options of the search for the kept weights.
  public SearchOptions search() {
    return search;
  }

  /// Returns the options of the re-fit of the kept weights.
  public RefitOptions refit() {
    return refit;
  }

  /// Returns the options of the refinement of the pruned network as a whole.
  public RefinementOptions refinement() {
    return refinement;
  }

  /// Returns the options of the retraining after the last stage; null for none.
  public @Nullable RetrainingOptions retraining() {
    return retraining;
  }

  /// Returns the share of the machine that the run may use.
  public MachineOptions machine() {
    return machine;
  }

  /// Returns the network with [#inputs] fixed and for examples of [#inputShapes]; the network
  /// itself where none are given. An input that is fixed already stays as it is.
  ///
  /// @throws PruningException if it has no such inputs, or does not take such values or examples
  public Network shaped(Network network) {
    List<InputValue> open =
        inputs.stream().filter(value -> !isFixed(network, value.input())).toList();
    Network fixed = InputValue.applied(network, open);
    return inputShapes == null ? fixed : inputShapes.appliedTo(fixed);
  }

  private static boolean isFixed(Network network, String input) {
    return network.initializers().containsKey(input) || network.producer(input) != null;
  }

  /// Returns the options of a retraining alone, on a mask that exists already: those of samples,
  /// layers and machine are these, those of the method are its defaults.
  ///
  /// @param as the method whose memory is planned for
  /// @param by what retrains
  public PruningOptions retrained(Method as, RetrainingOptions by) {
    return builder()
        .method(as)
        .loss(loss)
        .seed(seed)
        .inputShapes(inputShapes)
        .inputs(inputs)
        .selection(search.selection())
        .retraining(by)
        .machine(machine)
        .build();
  }

  /// Collects options. A setter of a whole group replaces all options of that group.
  public static final class Builder {
    private Method method = Method.FALCON_PLUS_PLUS;
    private Loss loss = Loss.AUTO;
    private long seed = 1;
    private @Nullable ExampleShapes inputShapes;
    private List<InputValue> inputs = List.of();
    private SparsityPattern pattern = SparsityPattern.SCATTERED;
    private List<Amount> path = List.of();
    private SearchOptions search = SearchOptions.DEFAULT;
    private RefitOptions refit = RefitOptions.DEFAULT;
    private RefinementOptions refinement = RefinementOptions.DEFAULT;
    private @Nullable RetrainingOptions retraining;
    private MachineOptions machine = MachineOptions.defaults();

    private Builder() {}

    private Builder(PruningOptions options) {
      method = options.method;
      loss = options.loss;
      seed = options.seed;
      inputShapes = options.inputShapes;
      inputs = options.inputs;
      pattern = options.pattern;
      path = options.path;
      search = options.search;
      refit = options.refit;
      refinement = options.refinement;
      retraining = options.retraining;
      machine = options.machine;
    }

    /// Sets the method to choose and re-fit weights; the default is [Method#FALCON_PLUS_PLUS].
    public Builder method(Method value) {
      method = Objects.requireNonNull(value);
      return this;
    }

    /// Sets the method and its number of refinement steps; the default is [Effort#NORMAL].
    public Builder effort(Effort value) {
      return method(value.method()).steps(value.steps());
    }

    /// Sets the objective of the pruned network; the default is [Loss#AUTO].
    public Builder loss(Loss value) {
      loss = Objects.requireNonNull(value);
      return this;
    }

    /// Sets the seed of every random choice, any number; the default is 1.
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /// Sets the shapes of one example.
    ///
    /// @param value the shapes; null where the network or the data determine them
    public Builder inputShapes(@Nullable ExampleShapes value) {
      inputShapes = value;
      return this;
    }

    /// Sets the inputs that have the same value for all samples, each a different one; none if it
    /// is not called. The data hold no arrays for them.
    public Builder inputs(List<InputValue> values) {
      inputs = List.copyOf(values);
      return this;
    }

    /// Sets the shape that the zeros of each layer have; the default is
    /// [SparsityPattern#SCATTERED].
    public Builder pattern(SparsityPattern value) {
      pattern = Objects.requireNonNull(value);
      return this;
    }

    /// Sets shrinking budgets of MACs that the network is pruned to before, each run starting from
    /// the one before it; empty, the default, for a run that starts from the dense network.
    public Builder path(List<Amount> value) {
      path = List.copyOf(value);
      return this;
    }

    /// Sets all options of the search.
    public Builder search(SearchOptions value) {
      search = Objects.requireNonNull(value);
      return this;
    }

    /// Sets all options of the re-fit.
    public Builder refit(RefitOptions value) {
      refit = Objects.requireNonNull(value);
      return this;
    }

    /// Sets all options of the refinement of the network as a whole.
    public Builder refinement(RefinementOptions value) {
      refinement = Objects.requireNonNull(value);
      return this;
    }

    /// Sets the retraining after the last stage.
    ///
    /// @param value its options; null, the default, for none
    public Builder retraining(@Nullable RetrainingOptions value) {
      retraining = value;
      return this;
    }

    /// Sets the share of the machine that the run may use.
    public Builder machine(MachineOptions value) {
      machine = Objects.requireNonNull(value);
      return this;
    }

    /// Sets [SearchOptions#stages].
    public Builder stages(@Nullable Integer value) {
      return search(search.withStages(value));
    }

    /// Sets [SearchOptions#schedule].
    public Builder schedule(@Nullable Schedule value) {
      return search(search.withSchedule(value));
    }

    /// Sets [SearchOptions#selection].
    public Builder selection(LayerSelection value) {
      return search(search.withSelection(Objects.requireNonNull(value)));
    }

    /// Sets [SearchOptions#floors].
    public Builder floors(List<KeepFloor> value) {
      return search(search.withFloors(value));
    }

    /// Sets [SearchOptions#saliency].
    public Builder saliency(@Nullable WeightSaliency value) {
      return search(search.withSaliency(value));
    }

    /// Sets [RefitOptions#kind].
    public Builder refit(Refit value) {
      return refit(refit.withKind(Objects.requireNonNull(value)));
    }

    /// Sets [RefitOptions#samples].
    public Builder samples(@Nullable Integer value) {
      return refit(refit.withSamples(value));
    }

    /// Sets [BacksolveOptions#curvature].
    public Builder curvature(@Nullable Curvature value) {
      return backsolve(refit.backsolve().withCurvature(value));
    }

    /// Sets [BacksolveOptions#ridge].
    public Builder ridge(@Nullable Double value) {
      return backsolve(refit.backsolve().withRidge(value));
    }

    /// Sets [BacksolveOptions#block].
    public Builder block(@Nullable Integer value) {
      return backsolve(refit.backsolve().withBlock(value));
    }

    /// Sets [BacksolveOptions#scratch].
    public Builder scratch(@Nullable Path value) {
      return backsolve(refit.backsolve().withScratch(value));
    }

    private Builder backsolve(BacksolveOptions value) {
      return refit(refit.withBacksolve(value));
    }

    /// Sets [RefinementOptions#batchNorm].
    public Builder batchNorm(BatchNormPolicy value) {
      return refinement(refinement.withBatchNorm(Objects.requireNonNull(value)));
    }

    /// Sets [RefinementOptions#steps].
    public Builder steps(@Nullable Integer value) {
      return refinement(refinement.withSteps(value));
    }

    /// Sets [RefinementOptions#learningRate].
    public Builder learningRate(@Nullable Double value) {
      return refinement(refinement.withLearningRate(value));
    }

    /// Sets [MachineOptions#threads].
    public Builder threads(int value) {
      return machine(machine.withThreads(value));
    }

    /// Sets [MachineOptions#memoryBytes].
    public Builder memoryBytes(@Nullable Long value) {
      return machine(machine.withMemoryBytes(value));
    }

    /// Returns the options; the builder may be used further.
    public PruningOptions build() {
      return new PruningOptions(this);
    }
  }
}
