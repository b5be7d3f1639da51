package falcon.cli.output;

import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.util.Map;

/// Text for terminals that cannot show all of Unicode.
final class PlainText {
  /// Characters that Falcon writes, and similar ones in ASCII.
  private static final Map<Integer, String> STAND_INS =
      Map.of(
          (int) '×', "x", (int) '–', "-", (int) '−', "-", (int) '…', "...", (int) '·', "*",
          (int) '²', "^2", (int) 'Σ', "sum", (int) 'λ', "lambda", (int) '≤', "<=", (int) '≥', ">=");

  private PlainText() {}

  /// Returns the text itself where `charset` has all of its characters; otherwise missing
  /// characters are replaced by similar ones, or by a question mark.
  static String fitting(String text, Charset charset) {
    if (!charset.canEncode()) {
      return text;
    }
    CharsetEncoder encoder = charset.newEncoder();
    if (encoder.canEncode(text)) {
      return text;
    }
    var fitting = new StringBuilder(text.length());
    text.codePoints()
        .forEach(sign -> {
          String itself = Character.toString(sign);
          fitting.append(encoder.canEncode(itself) ? itself : STAND_INS.getOrDefault(sign, "?"));
        });
    return fitting.toString();
  }
}
