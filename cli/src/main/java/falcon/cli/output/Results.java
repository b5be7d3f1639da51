package falcon.cli.output;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Prints the one or several results of a command: each as soon as it is available, or as JSON, all
/// in one document after the last one: the result itself where there is only one, otherwise an
/// array in the order of the budgets.
public final class Results {
  private final Console console;
  private final boolean isJson;
  private final int expected;
  private final List<String> documents = new ArrayList<>();

  /// Creates a printer of results.
  ///
  /// @param expected number of results, 1 or more
  public Results(Console console, boolean isJson, int expected) {
    this.console = console;
    this.isJson = isJson;
    this.expected = expected;
  }

  /// Adds the next result and prints it as soon as that is possible.
  ///
  /// @param json the result as JSON, in any number of lines; requested only if JSON is printed
  /// @param text the result for people; requested only if text is printed
  public void add(Supplier<String> json, Supplier<String> text) {
    if (!isJson) {
      console.result(text.get());
      return;
    }
    documents.add(JsonText.ofText(json.get()));
    if (documents.size() == expected) {
      console.result(
          expected == 1 ? documents.getFirst() : "[%s]".formatted(String.join(",", documents)));
    }
  }
}
