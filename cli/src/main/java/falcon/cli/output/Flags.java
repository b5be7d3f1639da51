package falcon.cli.output;

import falcon.data.DataOption;
import falcon.model.ModelOption;
import falcon.prune.options.Option;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Options in messages of the library, as the command line has them: `‹input shape›` is
/// `--input-shape` (ADR 15).
public final class Flags {
  private static final Map<String, String> BY_OPTION =
      Stream.of(ModelOption.values(), DataOption.values(), Option.values())
          .<Enum<?>>flatMap(Arrays::stream)
          .collect(Collectors.toMap(Enum::toString, Flags::of));

  private static final Pattern OPTION = Pattern.compile("‹[a-z ]+›");

  private Flags() {}

  /// Returns the text with flags in place of options.
  public static String in(String text) {
    return OPTION
        .matcher(text)
        .replaceAll(option ->
            Matcher.quoteReplacement(BY_OPTION.getOrDefault(option.group(), option.group())));
  }

  private static String of(Enum<?> option) {
    return "--" + option.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
