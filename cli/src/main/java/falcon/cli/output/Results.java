package falcon.cli.output;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Prints the results of a command that makes one or several: each as soon as it is there, or, as
/// JSON, all in one document when the last one is: the result itself where there is one, otherwise
/// an array in the order of the budgets.
public final class Results {
  private final Console console;
  private final boolean isJson;
  private final int expected;
  private final List<String> documents = new ArrayList<>();

  /// @param expected how many results there will be, 1 or more
  public Results(Console console, boolean isJson, int expected) {
    this.console = console;
    this.isJson = isJson;
    this.expected = expected;
  }

  /// @param json the result as JSON, in any number of lines; asked for only if JSON is printed
  /// @param text the result for people; asked for only if that is printed
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
