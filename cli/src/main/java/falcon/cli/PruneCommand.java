package falcon.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.budget.Budget;
import falcon.cli.option.DataOptions;
import falcon.cli.option.LayerOptions;
import falcon.cli.option.Memory;
import falcon.cli.option.ModelOptions;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.PruneOptions;
import falcon.cli.option.RunFolderOptions;
import falcon.cli.option.ThreadOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.Flags;
import falcon.cli.output.JsonText;
import falcon.cli.output.Results;
import falcon.cli.process.ExitCode;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.prune.Falcon;
import falcon.prune.Pruning;
import falcon.prune.WeightPruning;
import falcon.prune.WorkPlace;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.Summary;
import falcon.prune.run.OutputFolder;
import falcon.prune.run.RunDescription;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.ModelFormat;
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
  private final List<String> args;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final LayerOptions layerOptions = new LayerOptions();
  @Mixin private final RunFolderOptions folder = new RunFolderOptions();
  @Mixin private final PruneOptions pruneOptions = new PruneOptions();
  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

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
      names = "--format",
      paramLabel = "NAME",
      description =
          "Format of the pruned network: onnx (the default), onnx-sparse (zeros left out where that is"
              + " smaller), or safetensors (weights alone; see --weights).")
  private ModelFormat format = ModelFormat.ONNX;

  @Option(
      names = "--memory",
      paramLabel = "AMOUNT",
      description =
          "Memory that the run may take, such as 8g: a reconstruction looks at fewer samples at a time to"
              + " fit (4g of them if unset), gradients of a backsolve are stored smaller or in a file.")
  private @Nullable Memory memory;

  @Option(
      names = "--no-test",
      description = "Leave the test samples alone; networks are judged on validation samples only.")
  private boolean isTestLeftOut;

  @Option(
      names = "--names",
      paramLabel = "FILE",
      description =
          "State dict (.pth, .safetensors) that the network was exported from: mask and weights are also"
              + " written under its names, as export-mask does.")
  private @Nullable Path names;

  @Option(
      names = "--dry-run",
      description = "Only tell what would be done: budgets, stages, memory, time.")
  private boolean isDryRun;

  /// @param place where chunks of samples are computed
  PruneCommand(Console console, Interruption interruption, WorkPlace place, String... args) {
    this.console = console;
    this.interruption = interruption;
    this.place = place;
    this.args = List.of(args);
  }

  @Override
  public Integer call() {
    if (macs.isEmpty() && nnz instanceof NnzRule.Limit) {
      macs = List.of(new Amount.Share(1));
    }
    requireUsable();
    Network read = model.read();
    if (!dataOptions.isGiven()) {
      pruneByWeights(read);
      return ExitCode.DONE;
    }
    Dataset data = dataOptions.open(read);
    @Nullable Preprocessing preprocessing = dataOptions.preprocessing(data, read, model.path());
    Network network = DataOptions.described(read, preprocessing);
    PruningOptions options = options();
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      Map<Amount, Pruning> prunings = new LinkedHashMap<>();
      for (Amount amount : macs) {
        prunings.put(
            amount,
            Falcon.prune(network, data, new BudgetRequest(amount, nnz))
                .options(options)
                .preprocessing(preprocessing)
                .progress(progress)
                .place(place)
                .test(!isTestLeftOut));
      }
      Map<Amount, PruningPlan> plans = new LinkedHashMap<>();
      prunings.forEach((amount, pruning) -> plans.put(amount, plan(pruning)));
      NamedExport export = NamedExport.of(names, network, plans.values());
      Results results = results();
      if (isDryRun) {
        plans.values().forEach(plan -> show(plan, results));
        return ExitCode.DONE;
      }
      InputPlaces places = InputPlaces.of(model.files(read), data);
      Map<Amount, OutputFolder> folders = folder.forEach(macs, places);
      List<InputFile> inputs = InputFile.of(model.files(read), data);
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
                  Objects.requireNonNull(prunings.get(amount))
                      .stages(directory.stages())
                      .progress(directory.logged(progress))
                      .run(),
              this::text);
    }
    return ExitCode.DONE;
  }

  private PruningOptions options() {
    return pruneOptions.options(
        threads.count(), memory == null ? null : memory.bytes(), model, layerOptions.selection());
  }

  /// Prunes without data: nothing is executed, so that any network is accepted.
  private void pruneByWeights(Network network) {
    PruningOptions options = options();
    Results results = results();
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      Map<Amount, WeightPruning> prunings = new LinkedHashMap<>();
      Map<Amount, PruningPlan> plans = new LinkedHashMap<>();
      for (Amount amount : macs) {
        WeightPruning pruning =
            Falcon.prune(network, new BudgetRequest(amount, nnz)).options(options);
        prunings.put(amount, pruning);
        plans.put(amount, pruning.plan());
      }
      NamedExport export = NamedExport.of(names, network, plans.values());
      if (isDryRun) {
        plans.values().forEach(plan -> show(plan, results));
        return;
      }
      List<Path> files = model.files(network);
      Map<Amount, OutputFolder> folders = folder.forEach(macs, InputPlaces.of(files, null));
      List<InputFile> inputs = InputFile.of(files);
      runs(progress, results)
          .alsoWriting(export)
          .all(
              folders,
              amount -> description(network, plans.get(amount), options, null, inputs),
              (amount, directory) ->
                  Objects.requireNonNull(prunings.get(amount))
                      .progress(directory.logged(progress))
                      .run(),
              this::text);
    }
  }

  private Runs runs(ConsoleProgress progress, Results results) {
    return new Runs(interruption, args, folder, progress, results);
  }

  private RunDescription description(
      Network network,
      @Nullable PruningPlan plan,
      PruningOptions options,
      @Nullable Preprocessing preprocessing,
      List<InputFile> inputs) {
    return RunDescription.builder(network, Objects.requireNonNull(plan), options)
        .command(CommandText.of(args))
        .wording(Flags::in)
        .preprocessing(preprocessing)
        .inputs(inputs)
        .format(format)
        .report(folder.hasReport())
        .build();
  }

  private void requireUsable() {
    if (macs.isEmpty()) {
      throw usage("how much may stay? Say --macs 30%, or --nnz 30% for a budget of weights alone");
    }
    output.requireOneAmount();
    folder.requireOneWay();
    if (isDryRun && (folder.isResumed() || folder.isForced())) {
      throw usage("--dry-run touches no run directory; leave --resume and --force out");
    }
    if (!isDryRun && !folder.isGiven()) {
      throw usage("where to? Say --out DIR, or --dry-run to see the plan");
    }
    if (macs.stream().distinct().count() < macs.size()) {
      throw usage("--macs names a budget twice");
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private PruningPlan plan(Pruning pruning) {
    PruningPlan plan = pruning.plan();
    if (memory != null && plan.memoryBytes() > memory.bytes()) {
      throw new PruningException(
          PruningException.Kind.MACHINE,
          "The run needs about %s, --memory allows %s. Fewer samples (--samples) need less."
              .formatted(Memory.text(plan.memoryBytes()), memory));
    }
    return plan;
  }

  private Results results() {
    return new Results(console, output.isJson(), macs.size());
  }

  private String text(PrunedNetwork pruned, Path directory, String result) {
    String details = output.isVerbose() ? "%n%n%s".formatted(Summary.details(pruned.report())) : "";
    return pruned.summary()
        + details
        + Runs.written(pruned, directory, result, format, model.path());
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
