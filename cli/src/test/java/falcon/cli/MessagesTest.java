package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import falcon.cli.output.Flags;
import falcon.data.DataOption;
import falcon.model.ModelOption;
import falcon.prune.options.Option;
import falcon.torch.TorchOption;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.StringEntry;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The library names options, and the command line makes flags of them (ADR 15).
class MessagesTest {
  private static final Pattern FLAG = Pattern.compile("--[a-zA-Z]");

  /// Beginnings of texts for the Java virtual machine and libtorch, which are no flags of Falcon's.
  private static final List<String> FOREIGN =
      List.of(
          "--enable-native-access=",
          "--sun-misc-unsafe-memory-access=",
          "--caffe2_log_level=",
          "-D%s=required, but the JVM runs without %s; start it with --add-modules %s");

  private static final Set<Class<?>> NAMES =
      Set.of(ModelOption.class, DataOption.class, TorchOption.class, Option.class);

  private static final String HELP =
      Stream.of("prune", "sweep", "evaluate", "inspect", "retrain", "export-mask", "train")
          .map(command -> Ran.of(command, "--help").out().replace("--[no-]", "--"))
          .collect(Collectors.joining());

  private static final List<JavaClass> LIBRARY =
      ModulesTest.CLASSES.stream()
          .filter(type -> !(type.getPackageName() + ".").startsWith("falcon.cli."))
          .toList();

  @Test
  void noTextOutsideCliNamesAFlag() {
    assertThat(LIBRARY).hasSizeGreaterThan(300);
    assertThat(
            texts(
                text -> FLAG.matcher(text).find() && FOREIGN.stream().noneMatch(text::startsWith)))
        .isEmpty();
  }

  @Test
  void optionsAreWrittenByTheirTypesAlone() {
    Set<String> names = NAMES.stream().map(Class::getName).collect(Collectors.toSet());
    List<String> found = texts(text -> text.contains("‹") || text.contains("›"));
    assertThat(found).hasSize(names.size());
    assertThat(found).allMatch(text -> names.contains(text.substring(0, text.indexOf(": "))));
  }

  static Stream<Enum<?>> options() {
    return Stream.of(
            ModelOption.values(), DataOption.values(), TorchOption.values(), Option.values())
        .flatMap(Arrays::stream);
  }

  @ParameterizedTest
  @MethodSource("options")
  void everyOptionIsAFlagOfSomeCommand(Enum<?> option) {
    String flag = Flags.in(option.toString());
    assertThat(flag).startsWith("--").hasSameSizeAs(option.toString());
    assertThat(HELP).containsPattern("(^|[ ,])" + flag + "\\b(?!-)");
  }

  @Test
  void otherTextStaysAsItIs() {
    assertThat(Flags.in("a ‹memory› and ‹input shape› 3,4; a ‹file› $1 ‹MEMORY›"))
        .isEqualTo("a --memory and --input-shape 3,4; a ‹file› $1 ‹MEMORY›");
  }

  /// String constants of the library, each after the name of its class.
  private static List<String> texts(Predicate<String> wanted) {
    return LIBRARY.stream()
        .flatMap(type ->
            constants(type).filter(wanted).map(text -> "%s: %s".formatted(type.getName(), text)))
        .toList();
  }

  private static Stream<String> constants(JavaClass type) {
    try (InputStream in = type.getSource().orElseThrow().getUri().toURL().openStream()) {
      Iterable<PoolEntry> pool = ClassFile.of().parse(in.readAllBytes()).constantPool();
      return StreamSupport.stream(pool.spliterator(), false)
          .filter(StringEntry.class::isInstance)
          .map(entry -> ((StringEntry) entry).stringValue());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
