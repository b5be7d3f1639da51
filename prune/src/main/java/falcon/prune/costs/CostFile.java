package falcon.prune.costs;

import falcon.prune.options.CostModel;
import falcon.prune.options.PruningException;
import falcon.prune.storage.FileContent;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A table of costs that the user measured or computed elsewhere, in CSV.
///
/// ```
/// # network sha256 5f0c…            optional: the layers that the table is for
/// resource,unit,layer,index,cost,fixed
/// energy,uJ,conv1.weight,,0.031,1.5
/// energy,uJ,fc.weight,0-63,0.002,0
/// energy,uJ,fc.weight,64-127,0.004,
/// traffic,,conv1.weight,,costs.safetensors,0
/// ```
///
/// The first line that is no comment names the columns, in any order: `layer` and `cost` are
/// needed; `fixed`, `resource` (else the file's name without its ending), `unit` and `index` (of
/// the tensor's first axis, one or a range) are not. A cost is what one kept weight costs, or the
/// name of a safetensors file beside the table that has a tensor of the layer's name with the cost
/// of each weight.
///
/// Immutable. What does not depend on a network is checked when the file is read.
public final class CostFile {
  /// Name of the comment that says which network a table is for.
  private static final String NETWORK = "network sha256";

  /// Greatest length of a file, in bytes.
  private static final long MOST_BYTES = 64L << 20;

  private static final Set<String> COLUMNS =
      Set.of("resource", "unit", "layer", "index", "cost", "fixed");

  private final Path path;
  private final Map<String, CostModel> models;

  private CostFile(Path path, Map<String, CostModel> models) {
    this.path = path;
    this.models = models;
  }

  /// Reads a table.
  ///
  /// @throws PruningException if the file cannot be read or used: names the line and the remedy
  public static CostFile read(Path path) {
    return new Reader(path).read();
  }

  /// Returns the names of the resources that the file has costs in, in order of first occurrence.
  public List<String> resources() {
    return List.copyOf(models.keySet());
  }

  /// Returns the costs in a resource.
  ///
  /// @throws PruningException if the file has none: names those there are
  public CostModel model(String resource) {
    CostModel model = models.get(resource);
    if (model == null) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s has no costs of '%s'.%nIt has those of: %s."
              .formatted(path, resource, String.join(", ", models.keySet())));
    }
    return model;
  }

  /// What is known while a file is read.
  private static final class Reader {
    private final Path path;
    private @Nullable String network;
    private int networkLine;
    private @Nullable Map<String, Integer> columns;
    private final Map<String, List<CostRow>> rows = new LinkedHashMap<>();
    private final Map<String, String> units = new LinkedHashMap<>();

    Reader(Path path) {
      this.path = path;
    }

    CostFile read() {
      String text = text();
      int line = 0;
      for (String written : text.split("\\R", -1)) {
        line++;
        String content = line == 1 && written.startsWith("\uFEFF") ? written.substring(1) : written;
        if (content.isBlank()) {
          continue;
        }
        if (content.strip().startsWith("#")) {
          comment(line, content.strip().substring(1).strip());
        } else if (columns == null) {
          columns = header(line, fields(line, content));
        } else {
          row(line, fields(line, content), columns);
        }
      }
      if (rows.isEmpty()) {
        throw bad(
            line,
            columns == null ? "there is no header" : "there are no costs",
            "The first line is 'layer,cost,fixed', then comes a line for each layer.");
      }
      var models = new LinkedHashMap<String, CostModel>();
      String sha = FileContent.sha256(text);
      rows.forEach((resource, of) ->
          models.put(
              resource,
              new TableCosts(
                  path,
                  resource,
                  units.getOrDefault(resource, ""),
                  of,
                  network,
                  networkLine,
                  sha)));
      return new CostFile(path, models);
    }

    private String text() {
      try {
        if (Files.size(path) > MOST_BYTES) {
          throw bad(
              1, "the file has more than %d MiB".formatted(MOST_BYTES >> 20), "Give a CSV file.");
        }
        return Files.readString(path, StandardCharsets.UTF_8);
      } catch (NoSuchFileException e) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: there is no such file.%nCheck the path.".formatted(path),
            e);
      } catch (CharacterCodingException e) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: is no text in UTF-8.%nGive a CSV file.".formatted(path),
            e);
      } catch (IOException e) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: cannot be read: %s.%nCheck the path and the permissions."
                .formatted(path, e.getMessage()),
            e);
      }
    }

    private void comment(int line, String text) {
      if (text.startsWith(NETWORK)) {
        network = text.substring(NETWORK.length()).strip();
        networkLine = line;
      }
    }

    private Map<String, Integer> header(int line, List<String> names) {
      var found = new LinkedHashMap<String, Integer>();
      for (int i = 0; i < names.size(); i++) {
        String name = names.get(i).toLowerCase(Locale.ROOT);
        if (!COLUMNS.contains(name)) {
          throw bad(
              line,
              "'%s' is no column".formatted(names.get(i)),
              "The header is 'layer,cost,fixed', and may also have resource, unit and index.");
        }
        if (found.put(name, i) != null) {
          throw bad(line, "the column '%s' is there twice".formatted(name), "Remove one.");
        }
      }
      for (String needed : List.of("layer", "cost")) {
        if (!found.containsKey(needed)) {
          throw bad(
              line,
              "there is no column '%s'".formatted(needed),
              "The header is 'layer,cost,fixed', and may also have resource, unit and index.");
        }
      }
      return found;
    }

    private void row(int line, List<String> fields, Map<String, Integer> at) {
      if (fields.size() != at.size()) {
        throw bad(
            line,
            "there are %d fields, the header has %d".formatted(fields.size(), at.size()),
            "Put names with commas into double quotes.");
      }
      String layer = field(fields, at, "layer");
      if (layer.isEmpty()) {
        throw bad(line, "the layer has no name", "'inspect' lists the names.");
      }
      String resource = field(fields, at, "resource");
      if (resource.isEmpty()) {
        resource = stem();
      }
      unit(line, resource, field(fields, at, "unit"));
      String cost = field(fields, at, "cost");
      boolean isTensor = cost.endsWith(".safetensors");
      String index = field(fields, at, "index");
      if (isTensor && !index.isEmpty()) {
        throw bad(
            line, "the costs of a tensor are those of a whole layer", "Leave the index empty.");
      }
      String fixed = field(fields, at, "fixed");
      long[] range = range(line, index);
      rows.computeIfAbsent(resource, _ -> new ArrayList<>())
          .add(
              new CostRow(
                  line,
                  layer,
                  range[0],
                  range[1],
                  isTensor ? null : number(line, "cost", cost),
                  isTensor ? cost : null,
                  fixed.isEmpty() ? BigDecimal.ZERO : number(line, "fixed cost", fixed)));
    }

    private void unit(int line, String resource, String unit) {
      String known = units.get(resource);
      if (known == null || known.isEmpty()) {
        units.put(resource, unit);
      } else if (!unit.isEmpty() && !unit.equals(known)) {
        throw bad(
            line,
            "'%s' is in '%s' here and in '%s' above".formatted(resource, unit, known),
            "A resource has one unit.");
      }
    }

    private String stem() {
      String name = String.valueOf(path.getFileName());
      int dot = name.lastIndexOf('.');
      return dot > 0 ? name.substring(0, dot) : name;
    }

    private static String field(List<String> fields, Map<String, Integer> at, String column) {
      Integer place = at.get(column);
      return place == null ? "" : fields.get(place);
    }

    private long[] range(int line, String text) {
      if (text.isEmpty()) {
        return new long[] {-1, -1};
      }
      String[] ends = text.split("-", -1);
      try {
        long first = Long.parseUnsignedLong(ends[0].strip());
        long last = ends.length == 1 ? first : Long.parseUnsignedLong(ends[1].strip());
        if (ends.length <= 2 && first >= 0 && first <= last) {
          return new long[] {first, last};
        }
      } catch (NumberFormatException e) {
        throw badIndex(line, text, e);
      }
      throw badIndex(line, text, null);
    }

    private PruningException badIndex(int line, String text, @Nullable Throwable cause) {
      return bad(line, "'%s' is no index".formatted(text), "Examples: 3, 0-63.", cause);
    }

    private BigDecimal number(int line, String what, String text) {
      if (text.isEmpty()) {
        throw bad(line, "the %s is missing".formatted(what), "Give a number of 0 or more.");
      }
      BigDecimal number;
      try {
        if (text.length() > 40) {
          throw new NumberFormatException("too long");
        }
        number = new BigDecimal(text);
      } catch (NumberFormatException e) {
        boolean isEndless = text.matches("(?i)[+-]?(nan|inf|infinity)");
        throw bad(
            line,
            isEndless
                ? "the %s is %s, which is not finite".formatted(what, text)
                : "the %s '%s' is no number".formatted(what, text),
            "Give a number of 0 or more, such as 0.25 or 1e-3.",
            e);
      }
      if (number.signum() < 0) {
        throw bad(line, "the %s is negative: %s".formatted(what, text), "A cost is 0 or more.");
      }
      if (number.signum() > 0 && Math.abs(number.precision() - (long) number.scale()) > 30) {
        throw bad(
            line,
            "the %s %s is out of range".formatted(what, text),
            "Costs are between 1e-30 and 1e30; choose another unit.");
      }
      return number;
    }

    /// Returns the fields of a line; those in double quotes may hold commas, and quotes twice.
    private List<String> fields(int line, String text) {
      var fields = new ArrayList<String>();
      var field = new StringBuilder();
      boolean isQuoted = false;
      boolean wasQuoted = false;
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (isQuoted) {
          if (c != '"') {
            field.append(c);
          } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
            field.append(c);
            i++;
          } else {
            isQuoted = false;
          }
        } else if (c == '"' && field.toString().isBlank() && !wasQuoted) {
          field.setLength(0);
          isQuoted = true;
          wasQuoted = true;
        } else if (c == ',') {
          fields.add(wasQuoted ? field.toString() : field.toString().strip());
          field.setLength(0);
          wasQuoted = false;
        } else if (!wasQuoted || !Character.isWhitespace(c)) {
          field.append(c);
        }
      }
      if (isQuoted) {
        throw bad(line, "a quote is not closed", "Put a \" behind the name.");
      }
      fields.add(wasQuoted ? field.toString() : field.toString().strip());
      return fields;
    }

    private PruningException bad(int line, String what, String advice) {
      return bad(line, what, advice, null);
    }

    private PruningException bad(int line, String what, String advice, @Nullable Throwable cause) {
      return TableCosts.bad(path, line, what, advice, cause);
    }
  }
}
