package falcon.cli.option;

import falcon.budget.SparsityPattern;
import falcon.data.ImageLayout;
import falcon.data.Layout;
import falcon.model.zoo.Architecture;
import falcon.prune.options.Amount;
import falcon.prune.options.BatchAxes;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.Curvature;
import falcon.prune.options.Effort;
import falcon.prune.options.ExampleShapes;
import falcon.prune.options.InputValue;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.Optimizer;
import falcon.prune.options.RateDecay;
import falcon.prune.options.Refit;
import falcon.prune.options.ResourceAmount;
import falcon.prune.options.RetrainingLoss;
import falcon.prune.options.RetrainingSchedule;
import falcon.prune.options.Schedule;
import falcon.prune.options.WeightSaliency;
import falcon.prune.storage.ModelFormat;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/// Converters from typed text to values; the messages are those of the types themselves. Names are
/// taken in upper and lower case.
public final class Converters {
  private final CommandLine commandLine;

  private Converters(CommandLine commandLine) {
    this.commandLine = commandLine;
  }

  /// Makes a command and its sub-commands read options of all types that Falcon has.
  public static void addTo(CommandLine commandLine) {
    var to = new Converters(commandLine);
    to.add(Amount.class, Amount::parse);
    to.add(NnzRule.class, NnzRule::parse);
    to.add(ResourceAmount.class, ResourceAmount::parse);
    to.add(SweptBudgets.class, SweptBudgets::parse);
    to.add(Drop.class, Drop::parse);
    to.add(KeepFloor.class, KeepFloor::parse);
    to.add(ExampleShapes.class, ExampleShapes::parse);
    to.add(InputValue.class, InputValue::parse);
    to.add(BatchAxes.class, BatchAxes::parse);
    to.add(Ridge.class, Ridge::parse);
    to.add(Block.class, Block::parse);
    to.add(Memory.class, Memory::parse);
    to.add(Threshold.class, Threshold::parse);
    to.add(Method.class, Method::of);
    to.add(Effort.class, Effort::parse);
    to.add(Loss.class, Loss::of);
    to.add(Layout.class, Layout::of);
    to.add(ImageLayout.class, ImageLayout::of);
    to.add(ModelFormat.class, ModelFormat::of);
    to.add(Architecture.class, text -> oneOf(Architecture.values(), Architecture::id, text));
    to.add(Curvature.class, text -> oneOf(Curvature.values(), Curvature::id, text));
    to.add(Refit.class, text -> oneOf(Refit.values(), Refit::id, text));
    to.add(RetrainingLoss.class, text -> oneOf(RetrainingLoss.values(), RetrainingLoss::id, text));
    to.add(Optimizer.class, text -> oneOf(Optimizer.values(), Optimizer::id, text));
    to.add(RateDecay.class, text -> oneOf(RateDecay.values(), RateDecay::id, text));
    to.add(SparsityPattern.class, SparsityPattern::parse);
    to.add(WeightSaliency.class, text -> oneOf(WeightSaliency.values(), WeightSaliency::id, text));
    to.add(
        RetrainingSchedule.class,
        text -> oneOf(RetrainingSchedule.values(), RetrainingSchedule::id, text));
    to.add(Schedule.class, text -> oneOf(Schedule.values(), Schedule::id, text));
    to.add(
        BatchNormPolicy.class, text -> oneOf(BatchNormPolicy.values(), BatchNormPolicy::id, text));
  }

  /// The message of a refused text reaches the user as it is.
  private <T> void add(Class<T> type, Function<String, T> parse) {
    commandLine.registerConverter(
        type,
        text -> {
          try {
            return parse.apply(text);
          } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
          }
        });
  }

  private static <T> T oneOf(T[] values, Function<T, String> id, String text) {
    for (T value : values) {
      if (id.apply(value).equalsIgnoreCase(text)) {
        return value;
      }
    }
    throw new IllegalArgumentException(
        "'%s' is none of %s"
            .formatted(text, Arrays.stream(values).map(id).collect(Collectors.joining(", "))));
  }
}
