package falcon.cli.option;

import falcon.prune.costs.CostFile;
import falcon.prune.costs.StoredBytes;
import falcon.prune.costs.TimingTable;
import falcon.prune.options.ResourceAmount;
import falcon.prune.options.ResourceRequest;
import falcon.prune.storage.InputFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Budgets besides those of multiply-accumulates and weights; all of them hold at once.
public final class BudgetOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--bytes",
      paramLabel = "AMOUNT",
      description =
          "Budget of the pruned network's file in the format onnx-sparse: 400k, 1.5MiB, or 30%% of the dense"
              + " file. A kept float32 weight takes 12 bytes.")
  private @Nullable ResourceAmount bytes;

  @Option(
      names = "--time",
      paramLabel = "AMOUNT",
      description =
          "Budget of the time of a run in falcon.runtime: 2ms, 500us, or 50%% of the dense network's; needs"
              + " --times. The pruned network is measured afterwards.")
  private @Nullable ResourceAmount time;

  @Option(
      names = "--times",
      paramLabel = "FILE",
      description = "Timing table of this network and this machine, from bench --table FILE.")
  private @Nullable Path times;

  @Option(
      names = "--cost",
      paramLabel = "FILE",
      description =
          "Table of costs of your own (CSV: layer,cost,fixed): energy, memory traffic, time of another"
              + " device. Several: the option again. See docs/options.md.")
  private List<Path> costs = List.of();

  @Option(
      names = "--budget",
      split = ",",
      paramLabel = "NAME=AMOUNT",
      description =
          "Budgets of resources of --cost: energy=30%% of what the dense network costs, fixed costs"
              + " included, or energy=1.5mJ. Several: separated by commas, or the option again.")
  private List<String> budgets = List.of();

  /// Returns whether a budget was given.
  public boolean isGiven() {
    return bytes != null || time != null || !budgets.isEmpty();
  }

  /// Returns whether the length of the file has a budget.
  public boolean limitsBytes() {
    return bytes != null;
  }

  /// Returns the files that costs were read from.
  public List<Path> files() {
    return times == null ? costs : Stream.concat(costs.stream(), Stream.of(times)).toList();
  }

  /// Returns the files of a network and those that costs were read from.
  public List<Path> with(List<Path> ofNetwork) {
    return Stream.concat(ofNetwork.stream(), files().stream()).toList();
  }

  /// Returns the files of a run with those of costs, hashed.
  public List<InputFile> inputs(List<InputFile> ofRun) {
    return Stream.concat(ofRun.stream(), files().stream().map(path -> InputFile.of("costs", path)))
        .toList();
  }

  /// Returns the timing table of the budget of time.
  ///
  /// @return null if time has no budget
  public @Nullable TimingTable timing() {
    return time == null || times == null ? null : TimingTable.read(times);
  }

  /// Returns the budget of time with all times of the table multiplied by a factor.
  ///
  /// @throws IllegalStateException if there is no table
  public ResourceRequest timeRequest(double factor) {
    if (times == null) {
      throw new IllegalStateException("time has no budget");
    }
    return new ResourceRequest(
        TimingTable.NAME,
        time == null ? new ResourceAmount.Share(1) : time,
        TimingTable.read(times).costs(times, factor));
  }

  /// Returns the budgets, in the order of the options.
  ///
  /// @param isShown whether resources without a budget get one of 100 %, to be shown
  public List<ResourceRequest> requests(boolean isShown) {
    var requests = new ArrayList<ResourceRequest>();
    if (bytes != null) {
      requests.add(new ResourceRequest(StoredBytes.NAME, bytes, new StoredBytes()));
    }
    if (time != null && times == null) {
      throw usage(
          "--time needs the times of this network: ./falcon bench MODEL --table FILE, then --times FILE");
    }
    if (time == null && times != null && !isShown) {
      throw usage("--times alone limits nothing; say how long a run may take: --time 50%");
    }
    if (times != null) {
      requests.add(timeRequest(1));
    }
    addOwn(requests, isShown);
    return List.copyOf(requests);
  }

  private void addOwn(List<ResourceRequest> requests, boolean isShown) {
    if (costs.isEmpty() && !budgets.isEmpty()) {
      throw usage("--budget names resources of a table; say which: --cost FILE");
    }
    if (budgets.isEmpty() && !costs.isEmpty() && !isShown) {
      throw usage("--cost alone limits nothing; say how much may be used: --budget NAME=30%");
    }
    List<CostFile> files = costs.stream().map(CostFile::read).toList();
    for (String budget : budgets) {
      int equals = budget.lastIndexOf('=');
      if (equals < 1) {
        throw usage("--budget %s: wanted is NAME=AMOUNT, such as energy=30%%".formatted(budget));
      }
      String name = budget.substring(0, equals).strip();
      try {
        requests.add(
            new ResourceRequest(
                name,
                ResourceAmount.parse(budget.substring(equals + 1)),
                file(files, name).model(name)));
      } catch (IllegalArgumentException e) {
        throw new ParameterException(
            spec.commandLine(), "--budget %s: %s".formatted(budget, e.getMessage()), e);
      }
    }
    if (isShown) {
      for (CostFile file : files) {
        for (String name : file.resources()) {
          if (requests.stream().noneMatch(request -> request.name().equals(name))) {
            requests.add(new ResourceRequest(name, new ResourceAmount.Share(1), file.model(name)));
          }
        }
      }
    }
  }

  private CostFile file(List<CostFile> files, String name) {
    List<CostFile> having = files.stream().filter(file -> file.resources().contains(name)).toList();
    if (having.size() > 1) {
      throw usage("two tables of --cost have costs of '%s'; give one".formatted(name));
    }
    return having.isEmpty() ? files.getFirst() : having.getFirst();
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
