package falcon.cli;

import falcon.cli.option.BudgetOptions;
import falcon.cli.option.DataOptions;
import falcon.cli.option.Drop;
import falcon.cli.option.LayerOptions;
import falcon.cli.option.ModelOptions;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.PruneOptions;
import falcon.cli.option.RunFolderOptions;
import falcon.cli.option.RunOptions;
import falcon.cli.option.SweptBudgets;
import falcon.cli.option.ThreadOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.CurveText;
import falcon.cli.output.JsonText;
import falcon.cli.process.ExitCode;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.prune.Falcon;
import falcon.prune.Pruning;
import falcon.prune.Sweep;
import falcon.prune.WorkPlace;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.ResourceRequest;
import falcon.prune.page.Curve;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.DropLimit;
import falcon.prune.run.OutputFolder;
import falcon.prune.run.RunDescription;
import falcon.prune.run.RunDirectory;
import falcon.prune.run.SweepFolder;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.InputPlaces;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Prunes a network to many budgets and draws the curve.
@Command(
    name = "sweep",
    description = "Prunes a network to many budgets and draws quality over budget.",
    footerHeading = "%nExample:%n",
    footer = {"  ./falcon sweep net.onnx --data images --macs 60%%..5%% --out curve"})
final class SweepCommand implements Callable<Integer> {
  private static final int USUAL_POINTS = 10;
  private static final int MOST_POINTS = 100;

  private final Console console;
  private final Interruption interruption;
  private final WorkPlace workPlace;
  private final Invocation invocation;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final LayerOptions layerOptions = new LayerOptions();
  @Mixin private final RunFolderOptions folder = new RunFolderOptions();
  @Mixin private final PruneOptions pruneOptions = new PruneOptions();
  @Mixin private final RunOptions runOptions = new RunOptions();
  @Mixin private final BudgetOptions budgetOptions = new BudgetOptions();
  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = "--macs",
      paramLabel = "FROM..TO",
      defaultValue = "60%..5%",
      description =
          "Budgets of multiply-accumulates: a range of shares, at equal ratios, or a list, 60%%,30%%,10%%."
              + " Default: 60%%..5%%.")
  @SuppressWarnings("NullAway.Init")
  private SweptBudgets budgets;

  @Option(
      names = "--points",
      paramLabel = "N",
      description = "Number of budgets of a range, 2 to 100. Default: 10.")
  private @Nullable Integer points;

  @Option(
      names = "--nnz",
      paramLabel = "AMOUNT",
      description =
          "Budget of weights of each point: auto (what suits the MACs), free (no limit), 30%% or 80000."
              + " Default: auto.")
  private NnzRule nnz = new NnzRule.Auto();

  @Option(
      names = "--max-drop",
      paramLabel = "POINTS",
      description =
          "Also find the smallest budget whose quality on held-out samples is within so many points of the"
              + " dense network's, beyond chance: 1%%.")
  private @Nullable Drop maxDrop;

  @Option(
      names = "--from-previous",
      description =
          "Start each point from the network of the point before it, with half the refinement steps: a"
              + " quarter less time, and a little less accurate above 15%%. With --method falcon.")
  private boolean isFromPrevious;

  @Option(
      names = "--no-magnitude",
      description = "Leave out the curve of magnitude pruning, which is drawn for comparison.")
  private boolean isMagnitudeLeftOut;

  private List<ResourceRequest> resources = List.of();

  /// @param workPlace where chunks of samples are computed
  SweepCommand(
      Console console, Interruption interruption, WorkPlace workPlace, Invocation invocation) {
    this.console = console;
    this.interruption = interruption;
    this.workPlace = workPlace;
    this.invocation = invocation;
  }

  /// A run of the sweep.
  ///
  /// @param isMagnitude whether it is the one that a point is compared with
  private record Point(Amount macs, boolean isMagnitude) {}

  /// What a run needs.
  private record Prepared(Pruning pruning, PruningPlan plan, PruningOptions options) {}

  @Override
  public Integer call() {
    resources = budgetOptions.requests(false);
    requireUsable();
    List<Amount> macs = budgets.all(points == null ? USUAL_POINTS : points);
    Network read = model.read();
    Dataset data = dataOptions.open(read);
    @Nullable Preprocessing preprocessing = dataOptions.preprocessing(data, read, model.path());
    Network network = DataOptions.described(read, preprocessing);
    PruningOptions options =
        pruneOptions.options(
            threads.count(), runOptions.memoryBytes(), model, layerOptions.selection());
    try (var progress = ConsoleProgress.start(console, output.volume());
        Sweep sweep = Falcon.sweep(network, data)) {
      sweep
          .options(options)
          .preprocessing(preprocessing)
          .progress(progress)
          .place(workPlace)
          .test(runOptions.readsTest())
          .startingFromPruned(isFromPrevious);
      Map<Point, Prepared> prepared = prepared(sweep, macs);
      if (maxDrop != null) {
        sweep.requireHeldOut(maxDrop.points());
      }
      if (runOptions.isDryRun()) {
        show(prepared);
        return ExitCode.DONE;
      }
      InputPlaces places = InputPlaces.of(budgetOptions.with(model.files(read)), data);
      OutputFolder place = folder.only(places);
      SweepFolder.Description description = description(macs, hasMagnitude());
      SweepFolder.check(place, description, folder.existing());
      List<InputFile> inputs = budgetOptions.inputs(InputFile.of(model.files(read), data));
      var runs = new Runs(interruption, invocation, folder, progress, null);
      SweepFolder swept =
          run(
              sweep,
              MeasuredTime.of(budgetOptions, progress),
              runs,
              prepared,
              place,
              description,
              preprocessing,
              inputs);
      String found = "";
      if (maxDrop != null) {
        var trials =
            new DropTrials(
                place,
                swept,
                new DropTrials.Work(
                    sweep,
                    nnz,
                    resources,
                    prepared.values().iterator().next().plan().isCounted(),
                    runs,
                    (pruning, plan) ->
                        description(new Prepared(pruning, plan, options), preprocessing, inputs)));
        DropLimit limit = trials.find(maxDrop, macs, runOptions.readsTest());
        found = CurveText.of(limit);
      }
      List<Path> files = swept.write();
      Curve curve = swept.curve();
      curve.damaged().values().forEach(console::message);
      console.result(
          output.isJson()
              ? JsonText.ofText(curve.json())
              : "%s%n%swritten: %s"
                  .formatted(
                      CurveText.of(curve),
                      found,
                      files.stream().map(Path::toString).collect(Collectors.joining(", "))));
      return curve.damaged().isEmpty() ? ExitCode.DONE : ExitCode.BAD_INPUT;
    }
  }

  private BudgetRequest request(Amount amount) {
    return new BudgetRequest(amount, nnz, resources);
  }

  private boolean hasMagnitude() {
    return !isMagnitudeLeftOut && !pruneOptions.isMagnitude();
  }

  private Map<Point, Prepared> prepared(Sweep sweep, List<Amount> macs) {
    var prepared = new LinkedHashMap<Point, Prepared>();
    List<Pruning> all = sweep.points(macs.stream().map(this::request).toList());
    for (int i = 0; i < all.size(); i++) {
      Amount amount = macs.get(i);
      Pruning pruning = all.get(i);
      prepared.put(
          new Point(amount, false),
          new Prepared(pruning, runOptions.fitting(pruning.plan()), pruning.options()));
      if (hasMagnitude()) {
        Pruning other = sweep.magnitude(request(amount));
        prepared.put(new Point(amount, true), new Prepared(other, other.plan(), other.options()));
      }
    }
    return prepared;
  }

  private SweepFolder run(
      Sweep sweep,
      MeasuredTime measuredTime,
      Runs runs,
      Map<Point, Prepared> prepared,
      OutputFolder place,
      SweepFolder.Description description,
      @Nullable Preprocessing preprocessing,
      List<InputFile> inputs) {
    var folders = new LinkedHashMap<Point, OutputFolder>();
    prepared
        .keySet()
        .forEach(point -> {
          String name = RunFolderOptions.name(point.macs());
          Path directory =
              point.isMagnitude()
                  ? SweepFolder.magnitude(place.directory(), name)
                  : SweepFolder.run(place.directory(), name);
          folders.put(point, new OutputFolder(directory, place.inputs(), place.mayHoldOthers()));
        });
    var opened = new ArrayList<SweepFolder>();
    runs.all(
        folders,
        point -> description(Objects.requireNonNull(prepared.get(point)), preprocessing, inputs),
        (point, directory) -> {
          Pruning pruning = Objects.requireNonNull(prepared.get(point)).pruning();
          return measuredTime.run(
              pruning.network(),
              request(point.macs()),
              () -> pruning.progress(runs.heard(directory)).run(),
              other ->
                  (point.isMagnitude()
                          ? sweep.magnitude(other)
                          : sweep.trial(other, runOptions.readsTest()))
                      .progress(runs.heard(directory))
                      .run());
        },
        (_, _, _) -> "",
        new Runs.Listener<>() {
          @Override
          public void opened(Map<Point, RunDirectory> directories) {
            directories.forEach((point, directory) ->
                Objects.requireNonNull(prepared.get(point)).pruning().stages(directory.stages()));
            opened.add(SweepFolder.open(place, description, folder.existing()));
          }

          @Override
          public Runs.Part part(Point point, Path directory, int number, int count) {
            String name = RunFolderOptions.name(point.macs());
            int all = description.runs().size();
            return new Runs.Part(
                point.isMagnitude() ? name + " magnitude" : name,
                description.runs().indexOf(name) + 1,
                all);
          }

          @Override
          public void done(Point point) {
            opened.getFirst().write();
          }
        });
    return opened.getFirst();
  }

  private RunDescription description(
      Prepared point, @Nullable Preprocessing preprocessing, List<InputFile> inputs) {
    return invocation
        .describing(point.pruning().network(), point.plan(), point.options(), folder)
        .preprocessing(preprocessing)
        .inputs(inputs)
        .format(runOptions.format(budgetOptions))
        .build();
  }

  private SweepFolder.Description description(List<Amount> macs, boolean hasMagnitude) {
    var identity = new LinkedHashMap<String, String>();
    identity.put("macs", macs.stream().map(Amount::toString).collect(Collectors.joining(",")));
    identity.put("nnz", nnz.toString());
    identity.put("from-previous", isFromPrevious ? "yes" : "no");
    identity.put("magnitude", hasMagnitude ? "beside each" : "left out");
    return new SweepFolder.Description(
        String.valueOf(model.path().getFileName()),
        identity,
        macs.stream().map(RunFolderOptions::name).toList(),
        hasMagnitude);
  }

  private void show(Map<Point, Prepared> prepared) {
    List<PruningPlan> plans =
        prepared.entrySet().stream()
            .filter(entry -> !entry.getKey().isMagnitude())
            .map(entry -> entry.getValue().plan())
            .toList();
    console.result(output.isJson() ? JsonText.of(CurveText.json(plans)) : CurveText.of(plans));
  }

  private void requireUsable() {
    output.requireOneAmount();
    runOptions.requireFit(budgetOptions, spec.commandLine());
    folder.requireOneWay();
    if (!dataOptions.isGiven()) {
      throw usage("a curve of quality needs samples to measure it on; say --data DIR");
    }
    if (points != null && !budgets.isRange()) {
      throw usage("--points would have no effect here: --macs lists the budgets");
    }
    if (points != null && (points < 2 || points > MOST_POINTS)) {
      throw usage("--points is 2 to %d, got %d".formatted(MOST_POINTS, points));
    }
    if (runOptions.isDryRun() && (folder.isResumed() || folder.isForced())) {
      throw usage("--dry-run touches no run directory; leave --resume and --force out");
    }
    if (!runOptions.isDryRun()) {
      folder.requireGiven();
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
