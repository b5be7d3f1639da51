package falcon.cli;

import falcon.cli.option.BudgetOptions;
import falcon.cli.option.LayerOptions;
import falcon.cli.option.ModelOptions;
import falcon.cli.option.OutputOptions;
import falcon.cli.output.Console;
import falcon.cli.output.Inspection;
import falcon.cli.process.ExitCode;
import falcon.model.Network;
import falcon.model.layer.Layers;
import falcon.prune.Falcon;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.ResourceRequest;
import falcon.prune.plan.PruningPlan;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Shows the layers of a network and their costs.
@Command(
    name = "inspect",
    description =
        "Shows layers, shapes, weights and multiply-accumulates, and what is prunable or why not.")
final class InspectCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final LayerOptions layerOptions = new LayerOptions();
  @Mixin private final BudgetOptions budgetOptions = new BudgetOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  InspectCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    Network network = model.read();
    var inspection = new Inspection(network, layers(network), plan(network));
    console.result(output.isJson() ? inspection.json() : inspection.text());
    return ExitCode.DONE;
  }

  /// Returns a plan with the budgets of further resources.
  ///
  /// @return null if there are none
  private @Nullable PruningPlan plan(Network network) {
    List<ResourceRequest> requests = budgetOptions.requests(true);
    return requests.isEmpty()
        ? null
        : Falcon.prune(
                network, new BudgetRequest(new Amount.Share(1), new NnzRule.Free(), requests))
            .options(
                PruningOptions.builder()
                    .method(Method.MAGNITUDE)
                    .selection(layerOptions.selection())
                    .inputShapes(model.inputShapes())
                    .inputs(model.inputs())
                    .build())
            .plan();
  }

  private Layers layers(Network network) {
    try {
      return Layers.of(network, layerOptions.selection());
    } catch (IllegalArgumentException e) {
      throw new PruningException(PruningException.Kind.USAGE, String.valueOf(e.getMessage()), e);
    }
  }
}
