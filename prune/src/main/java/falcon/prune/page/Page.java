package falcon.prune.page;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.storage.FileContent;
import falcon.prune.storage.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A page that is complete in one file: template, style, script and data. Its policy allows the
/// browser no request and no other script than these, by their hashes.
final class Page {
  private static final Pattern SLOT = Pattern.compile("\\{(\\w+)}");

  private Page() {}

  /// Returns the text of a page.
  ///
  /// @param title title until the script sets it
  /// @param script name of the resource that draws the page
  /// @param hasCurve whether it draws a curve, for which the chart library is needed
  static String of(String title, ObjectNode data, String script, boolean hasCurve) {
    var scripts = new ArrayList<String>();
    String style = resource("page.css");
    if (hasCurve) {
      scripts.add("/*\n" + resource("uPlot-LICENSE.txt") + "*/");
      scripts.add(resource("uPlot.js"));
      style = resource("uPlot.css") + style;
    }
    scripts.addAll(List.of(resource("common.js"), resource(script)));
    String program = String.join("\n", scripts);
    Map<String, String> parts =
        Map.of(
            "title", escaped(title),
            "style", style,
            "styleHash", hash(style),
            "script", program,
            "scriptHash", hash(program),
            "data", embedded(data));
    return SLOT.matcher(resource("page.html"))
        .replaceAll(
            slot -> Matcher.quoteReplacement(Objects.requireNonNull(parts.get(slot.group(1)))));
  }

  /// Returns JSON in which no text can end the element that it is in, or begin another one.
  static String embedded(ObjectNode data) {
    return Json.text(data)
        .strip()
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026");
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static String hash(String content) {
    byte[] digest = HexFormat.of().parseHex(FileContent.sha256(content));
    return "'sha256-%s'".formatted(Base64.getEncoder().encodeToString(digest));
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8)
          .replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
