package falcon.cli.output;

import java.util.ArrayList;
import java.util.List;

/// A table of text, with columns as wide as their content.
public final class Table {
  private final List<Boolean> isRight;
  private final List<List<String>> rows = new ArrayList<>();

  /// Creates a table without rows.
  ///
  /// @param head titles of the columns; those that begin with `>` are aligned to the right
  public Table(String... head) {
    isRight = List.of(head).stream().map(title -> title.startsWith(">")).toList();
    rows.add(List.of(head).stream().map(title -> title.replaceFirst("^>", "")).toList());
  }

  /// Adds a row.
  public Table row(Object... cells) {
    if (cells.length != isRight.size()) {
      throw new IllegalArgumentException(
          "%d cells for %d columns".formatted(cells.length, isRight.size()));
    }
    rows.add(List.of(cells).stream().map(Object::toString).toList());
    return this;
  }

  @Override
  public String toString() {
    var widths = new int[isRight.size()];
    for (List<String> row : rows) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    var lines = new ArrayList<String>();
    for (List<String> row : rows) {
      var line = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        String cell = row.get(c);
        String space = " ".repeat(widths[c] - cell.length());
        line.append(c == 0 ? "" : "  ").append(isRight.get(c) ? space + cell : cell + space);
      }
      lines.add(line.toString().stripTrailing());
    }
    return String.join(System.lineSeparator(), lines);
  }
}
