package falcon.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.budget.Budget;
import falcon.cli.option.BudgetOptions;
import falcon.cli.option.DataOptions;
import falcon.cli.option.Drop;
import falcon.cli.option.LayerOptions;
import falcon.cli.option.ModelOptions;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.PruneOptions;
import falcon.cli.option.RunFolderOptions;
import falcon.cli.option.RunOptions;
import falcon.cli.option.ThreadOptions;
import falcon.cli.option.ThresholdOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.Flags;
import falcon.cli.output.JsonText;
import falcon.cli.output.ResourceJson;
import falcon.cli.output.Results;
import falcon.cli.process.ExitCode;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.prune.Falcon;
import falcon.prune.Pruning;
import falcon.prune.Sweep;
import falcon.prune.WeightPruning;
import falcon.prune.WorkPlace;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.ResourceRequest;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.DropLimit;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.Summary;
import falcon.prune.run.OutputFolder;
import falcon.prune.run.RunDescription;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.InputPlaces;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Prunes a network, once per budget.
@Command(
    name = "prune",
    description = "Prunes a network to a budget and writes it to a run directory.",
    footerHeading = "%nExample:%n",
    footer = {"  ./falcon prune resnet20.pth --arch resnet20 --data cifar10 --macs 30%% --out r30"})
final class PruneCommand implements Callable<Integer> {
  private final Console console;
  private final Interruption interruption;
  private final WorkPlace place;
  private final Invocation invocation;
  private final Gate gate;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final LayerOptions layerOptions = new LayerOptions();
  @Mixin private final RunFolderOptions folder = new RunFolderOptions();
  @Mixin private final PruneOptions pruneOptions = new PruneOptions();
  @Mixin private final BudgetOptions budgetOptions = new BudgetOptions();
  @Mixin private final RunOptions runOptions = new RunOptions();
  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final ThresholdOptions thresholds = new ThresholdOptions();

  @Option(
      names = "--macs",
      split = ",",
      paramLabel = "AMOUNT",
      description =
          "Budget of multiply-accumulates of the prunable layers: 30%% or 12.3M. Several, separated by"
              + " commas, make a run each, and --json an array of their results. May be left out with"
              + " --nnz 30%%.")
  private List<Amount> macs = List.of();

  @Option(
      names = "--nnz",
      paramLabel = "AMOUNT",
      description =
          "Budget of weights: auto (what suits the MACs), free (no limit), 30%% or 80000. Default:"
              + " auto.")
  private NnzRule nnz = new NnzRule.Auto();

  @Option(
      names = "--max-drop",
      paramLabel = "POINTS",
      description =
          "In place of --macs: finds the smallest budget whose quality on held-out samples is within so"
              + " many points of the dense network's, beyond chance: 1%%. Takes some seven runs.")
  private @Nullable Drop maxDrop;

  @Option(
      names = "--names",
      paramLabel = "FILE",
      description =
          "State dict (.pth, .safetensors) that the network was exported from: mask and weights are also"
              + " written under its names, as export-mask does.")
  private @Nullable Path names;

  private List<ResourceRequest> resources = List.of();

  /// @param place where chunks of samples are computed
  PruneCommand(Console console, Interruption interruption, WorkPlace place, Invocation invocation) {
    this.console = console;
    this.interruption = interruption;
    this.place = place;
    this.invocation = invocation;
    this.gate = new Gate(console, thresholds);
  }

  @Override
  public Integer call() {
    if (macs.isEmpty()
        && maxDrop == null
        && (nnz instanceof NnzRule.Limit || budgetOptions.isGiven())) {
      macs = List.of(new Amount.Share(1));
      nnz = nnz instanceof NnzRule.Auto ? new NnzRule.Free() : nnz;
    }
    resources = budgetOptions.requests(false);
    requireUsable();
    Network read = model.read();
    if (!dataOptions.isGiven()) {
      pruneByWeights(read);
      return gate.exitCode();
    }
    Dataset data = dataOptions.open(read);
    @Nullable Preprocessing preprocessing = dataOptions.preprocessing(data, read, model.path());
    Network network = DataOptions.described(read, preprocessing);
    PruningOptions options = options();
    if (maxDrop != null) {
      pruneWithin(maxDrop, network, data, preprocessing, read);
      return gate.exitCode();
    }
    try (var progress = ConsoleProgress.start(console, output.volume());
        Sweep sweep = Falcon.sweep(network, data)) {
      List<Pruning> points =
          sweep
              .options(options)
              .preprocessing(preprocessing)
              .progress(progress)
              .place(place)
              .test(runOptions.readsTest())
              .testingResultsAlone(false)
              .points(macs.stream().map(this::request).toList());
      Map<Amount, Pruning> prunings = new LinkedHashMap<>();
      for (Pruning point : points) {
        prunings.put(macs.get(prunings.size()), point);
      }
      Map<Amount, PruningPlan> plans = new LinkedHashMap<>();
      prunings.forEach((amount, pruning) -> plans.put(amount, runOptions.fitting(pruning.plan())));
      gate.requireMeasured(prunings.values().iterator().next().measures());
      NamedExport export = NamedExport.of(names, network, plans.values());
      Results results = results();
      if (runOptions.isDryRun()) {
        plans.values().forEach(plan -> show(plan, results));
        return ExitCode.DONE;
      }
      List<Path> files = budgetOptions.with(model.files(read));
      InputPlaces places = InputPlaces.of(files, data);
      Map<Amount, OutputFolder> folders = folder.forEach(macs, places);
      List<InputFile> inputs = budgetOptions.inputs(InputFile.of(model.files(read), data));
      MeasuredTime measuredTime = MeasuredTime.of(budgetOptions, progress);
      runs(progress, results)
          .alsoWriting(export)
          .all(
              folders,
              amount ->
                  description(
                      Objects.requireNonNull(prunings.get(amount)).network(),
                      plans.get(amount),
                      options,
                      preprocessing,
                      inputs),
              (amount, directory) ->
                  measuredTime.run(
                      network,
                      request(amount),
                      () ->
                          Objects.requireNonNull(prunings.get(amount))
                              .stages(directory.stages())
                              .progress(directory.logged(progress))
                              .run(),
                      other ->
                          pruning(network, data, other, options, preprocessing)
                              .progress(directory.logged(progress))
                              .run()),
              this::text);
    }
    return gate.exitCode();
  }

  private BudgetRequest request(Amount amount) {
    return new BudgetRequest(amount, nnz, resources);
  }

  private Pruning pruning(
      Network network,
      Dataset data,
      BudgetRequest asked,
      PruningOptions options,
      @Nullable Preprocessing preprocessing) {
    return Falcon.prune(network, data, asked)
        .options(options)
        .preprocessing(preprocessing)
        .place(place)
        .test(runOptions.readsTest());
  }

  /// Finds the smallest budget within a greatest drop and prunes to it.
  private void pruneWithin(
      Drop most,
      Network network,
      Dataset data,
      @Nullable Preprocessing preprocessing,
      Network read) {
    PruningOptions options = options();
    InputPlaces places = InputPlaces.of(budgetOptions.with(model.files(read)), data);
    try (var progress = ConsoleProgress.start(console, output.volume());
        Sweep sweep = Falcon.sweep(network, data)) {
      sweep
          .options(options)
          .preprocessing(preprocessing)
          .progress(progress)
          .place(place)
          .testingResultsAlone(false)
          .requireHeldOut(most.points());
      NnzRule free = nnz instanceof NnzRule.Auto ? new NnzRule.Free() : nnz;
      Pruning whole =
          sweep.trial(
              new BudgetRequest(new Amount.Share(1), free, resources), runOptions.readsTest());
      PruningPlan plan = runOptions.fitting(whole.plan());
      NamedExport export = NamedExport.of(names, network, List.of(plan));
      gate.requireMeasured(whole.measures());
      List<InputFile> inputs = budgetOptions.inputs(InputFile.of(model.files(read), data));
      RunDescription any = description(whole.network(), plan, options, preprocessing, inputs);
      if (invocation.repetition() != null) {
        invocation.repetition().requireInputs(any);
      }
      DropTrials trials =
          DropTrials.below(
              folder.only(places),
              most,
              new DropTrials.Work(
                  sweep,
                  nnz,
                  resources,
                  plan.isCounted(),
                  new Runs(interruption, invocation, folder, progress, null).asTrials(),
                  (pruning, itsPlan) ->
                      description(pruning.network(), itsPlan, options, preprocessing, inputs)),
              folder,
              any);
      DropLimit limit = trials.find(most, List.of(), false);
      trials.finish(
          limit,
          runs(progress, results()).alsoWriting(export),
          folder.only(places),
          runOptions.readsTest(),
          this::text);
    }
  }

  private PruningOptions options() {
    return pruneOptions.options(
        threads.count(), runOptions.memoryBytes(), model, layerOptions.selection());
  }

  /// Prunes without data: nothing is executed, so that any network is accepted.
  private void pruneByWeights(Network network) {
    PruningOptions options = options();
    Results results = results();
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      Map<Amount, WeightPruning> prunings = new LinkedHashMap<>();
      Map<Amount, PruningPlan> plans = new LinkedHashMap<>();
      for (Amount amount : macs) {
        WeightPruning pruning = Falcon.prune(network, request(amount)).options(options);
        prunings.put(amount, pruning);
        plans.put(amount, pruning.plan());
      }
      NamedExport export = NamedExport.of(names, network, plans.values());
      if (runOptions.isDryRun()) {
        plans.values().forEach(plan -> show(plan, results));
        return;
      }
      List<Path> files = budgetOptions.with(model.files(network));
      Map<Amount, OutputFolder> folders = folder.forEach(macs, InputPlaces.of(files, null));
      List<InputFile> inputs = budgetOptions.inputs(InputFile.of(model.files(network)));
      MeasuredTime measuredTime = MeasuredTime.of(budgetOptions, progress);
      runs(progress, results)
          .alsoWriting(export)
          .all(
              folders,
              amount -> description(network, plans.get(amount), options, null, inputs),
              (amount, directory) ->
                  measuredTime.run(
                      network,
                      request(amount),
                      () ->
                          Objects.requireNonNull(prunings.get(amount))
                              .progress(directory.logged(progress))
                              .run(),
                      other ->
                          Falcon.prune(network, other)
                              .options(options)
                              .progress(directory.logged(progress))
                              .run()),
              this::text);
    }
  }

  private Runs runs(ConsoleProgress progress, Results results) {
    return new Runs(interruption, invocation, folder, progress, results).judgedBy(gate);
  }

  private RunDescription description(
      Network network,
      @Nullable PruningPlan plan,
      PruningOptions options,
      @Nullable Preprocessing preprocessing,
      List<InputFile> inputs) {
    return invocation
        .describing(network, Objects.requireNonNull(plan), options, folder)
        .preprocessing(preprocessing)
        .inputs(inputs)
        .format(runOptions.format(budgetOptions))
        .build();
  }

  private void requireUsable() {
    if (maxDrop != null) {
      requireUsableDrop();
    }
    if (macs.isEmpty() && maxDrop == null) {
      throw usage("how much may stay? Say --macs 30%, or --nnz 30% for a budget of weights alone");
    }
    runOptions.requireFit(budgetOptions, spec.commandLine());
    output.requireOneAmount();
    thresholds.requireUsable(output);
    if (!dataOptions.isGiven()) {
      thresholds.requireMeasured(List.of(), "without --data nothing is measured");
    }
    if (runOptions.isDryRun() && thresholds.isGiven()) {
      throw usage("--dry-run has no result; leave --fail-under and --summary-line out");
    }
    folder.requireOneWay();
    if (runOptions.isDryRun() && (folder.isResumed() || folder.isForced())) {
      throw usage("--dry-run touches no run directory; leave --resume and --force out");
    }
    if (!runOptions.isDryRun() && !folder.isGiven()) {
      throw usage("where to? Say --out DIR, or --dry-run to see the plan");
    }
    if (macs.stream().distinct().count() < macs.size()) {
      throw usage("--macs names a budget twice");
    }
  }

  private void requireUsableDrop() {
    if (!macs.isEmpty()) {
      throw usage("--max-drop finds the budget by itself; leave --macs out, or --max-drop");
    }
    if (nnz instanceof NnzRule.Limit) {
      throw usage("--max-drop finds the budget by itself; leave --nnz out, or say auto or free");
    }
    if (!dataOptions.isGiven()) {
      throw usage("--max-drop needs samples to measure the drop on; say --data DIR");
    }
    if (runOptions.isDryRun()) {
      throw usage(
          "--max-drop tries budgets, so that nothing can be told without runs; leave --dry-run out");
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private Results results() {
    return new Results(console, output.isJson(), Math.max(1, macs.size()));
  }

  private String text(PrunedNetwork pruned, Path directory, String result) {
    String details = output.isVerbose() ? "%n%n%s".formatted(Summary.details(pruned.report())) : "";
    return pruned.summary()
        + details
        + Runs.written(pruned, directory, result, runOptions.format(budgetOptions), model.path());
  }

  private void show(PruningPlan plan, Results results) {
    results.add(() -> JsonText.of(json(plan)), () -> Summary.of(plan));
  }

  private static ObjectNode json(PruningPlan plan) {
    ObjectNode json = JsonText.document();
    ObjectNode budget = json.putObject("budget");
    if (plan.isCounted()) {
      budget
          .putObject("macs")
          .put("asked", plan.budget().maxMacs())
          .put("request", plan.asked().macs().toString())
          .put("total", plan.costs().totalMacs())
          .set("network", json(Summary.networkMacs(plan)));
    } else {
      budget.putNull("macs");
    }
    budget
        .putObject("nnz")
        .put("asked", plan.budget().maxNnz())
        .put("request", plan.asked().nnz().toString())
        .put("total", plan.costs().weightCount())
        .set("network", json(Summary.networkWeights(plan)));
    if (!plan.resources().isEmpty()) {
      budget.set("resources", ResourceJson.of(plan));
    }
    var stages = json.putArray("stages");
    for (Budget stage : plan.stageBudgets()) {
      stages
          .addObject()
          .put("macs", plan.isCounted() ? stage.maxMacs() : null)
          .put("nnz", stage.maxNnz());
    }
    var warnings = json.putArray("warnings");
    plan.warnings().forEach(warning -> warnings.add(Flags.in(warning)));
    return json.put("samples", plan.samples())
        .put("pattern", plan.pattern().toString())
        .put("refit", plan.refit().id())
        .put("steps", plan.steps())
        .put("learningRate", plan.learningRate())
        .put("schedule", plan.schedule() == null ? null : plan.schedule().id())
        .put("memoryBytes", plan.memoryBytes())
        .put("gradients", plan.gradientText())
        .put("seconds", plan.seconds());
  }

  private static @Nullable ObjectNode json(Report.@Nullable Part part) {
    return part == null
        ? null
        : new ObjectNode(JsonNodeFactory.instance)
            .put("atMost", part.used())
            .put("total", part.total())
            .put("percent", part.percent());
  }
}
