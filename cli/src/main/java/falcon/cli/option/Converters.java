package falcon.cli.option;

import falcon.data.Layout;
import falcon.model.zoo.Architecture;
import falcon.prune.options.Amount;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.Curvature;
import falcon.prune.options.ExampleShapes;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.Refit;
import falcon.prune.options.Schedule;
import falcon.prune.storage.ModelFormat;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// From what is typed to what is meant; the messages are those of the types themselves.
public final class Converters {
  private Converters() {}

  /// Lets the message of a refused text reach the user as it is.
  private static <T> T convert(String text, Function<String, T> function) {
    try {
      return function.apply(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  private static <T> T oneOf(T[] values, Function<T, String> id, String text) {
    for (T value : values) {
      if (id.apply(value).equals(text)) {
        return value;
      }
    }
    throw new TypeConversionException(
        "'%s' is none of %s"
            .formatted(text, Arrays.stream(values).map(id).collect(Collectors.joining(", "))));
  }

  public static final class OfAmount implements ITypeConverter<Amount> {
    @Override
    public Amount convert(String text) {
      return Converters.convert(text, Amount::parse);
    }
  }

  public static final class OfNnzRule implements ITypeConverter<NnzRule> {
    @Override
    public NnzRule convert(String text) {
      return Converters.convert(text, NnzRule::parse);
    }
  }

  static final class OfKeepFloor implements ITypeConverter<KeepFloor> {
    @Override
    public KeepFloor convert(String text) {
      return Converters.convert(text, KeepFloor::parse);
    }
  }

  static final class OfMethod implements ITypeConverter<Method> {
    @Override
    public Method convert(String text) {
      return Converters.convert(text, Method::of);
    }
  }

  static final class OfLayout implements ITypeConverter<Layout> {
    @Override
    public Layout convert(String text) {
      return Converters.convert(text, Layout::of);
    }
  }

  public static final class OfModelFormat implements ITypeConverter<ModelFormat> {
    @Override
    public ModelFormat convert(String text) {
      return Converters.convert(text, ModelFormat::of);
    }
  }

  public static final class OfArchitecture implements ITypeConverter<Architecture> {
    @Override
    public Architecture convert(String text) {
      return oneOf(Architecture.values(), Architecture::id, text);
    }
  }

  static final class OfLoss implements ITypeConverter<Loss> {
    @Override
    public Loss convert(String text) {
      return Converters.convert(text, Loss::of);
    }
  }

  static final class OfExampleShapes implements ITypeConverter<ExampleShapes> {
    @Override
    public ExampleShapes convert(String text) {
      return Converters.convert(text, ExampleShapes::parse);
    }
  }

  static final class OfCurvature implements ITypeConverter<Curvature> {
    @Override
    public Curvature convert(String text) {
      return oneOf(Curvature.values(), Curvature::id, text);
    }
  }

  static final class OfRefit implements ITypeConverter<Refit> {
    @Override
    public Refit convert(String text) {
      return oneOf(Refit.values(), Refit::id, text);
    }
  }

  static final class OfBatchNormPolicy implements ITypeConverter<BatchNormPolicy> {
    @Override
    public BatchNormPolicy convert(String text) {
      return oneOf(BatchNormPolicy.values(), BatchNormPolicy::id, text);
    }
  }

  static final class OfSchedule implements ITypeConverter<Schedule> {
    @Override
    public Schedule convert(String text) {
      return oneOf(Schedule.values(), Schedule::id, text);
    }
  }

  /// λ above 0, or `auto` as no number.
  static final class OfRidge implements ITypeConverter<Ridge> {
    @Override
    public Ridge convert(String text) {
      return Converters.convert(text, Ridge::parse);
    }
  }

  /// A number of weights, or `full`.
  static final class OfBlock implements ITypeConverter<Block> {
    @Override
    public Block convert(String text) {
      return Converters.convert(text, Block::parse);
    }
  }

  /// An amount of memory such as `8g`.
  public static final class OfMemory implements ITypeConverter<Memory> {
    @Override
    public Memory convert(String text) {
      return Converters.convert(text, Memory::parse);
    }
  }
}
