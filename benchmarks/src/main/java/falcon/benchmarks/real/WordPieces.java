package falcon.benchmarks.real;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// BERT's tokens of sentences without letter case: words and punctuation, then the longest pieces
/// from the left.
final class WordPieces {
  private final JsonNode numbers;

  /// @param tokenizer a `tokenizer.json` with a WordPiece model
  WordPieces(Path tokenizer) throws IOException {
    numbers = new ObjectMapper().readTree(tokenizer.toFile()).path("model").path("vocab");
  }

  /// Returns the three inputs of BERT.
  ///
  /// @param length number of tokens of a sentence; longer ones are cut off, shorter ones filled up
  SampleSet encoded(List<String> sentences, List<Integer> labels, int length) {
    var ids = new ArrayList<float[]>();
    var masks = new ArrayList<float[]>();
    var types = new ArrayList<float[]>();
    for (String sentence : sentences) {
      List<Integer> found = pieces(sentence);
      var row = new float[length];
      var mask = new float[length];
      int count = Math.min(found.size(), length - 2);
      row[0] = number("[CLS]");
      for (int i = 0; i < count; i++) {
        row[i + 1] = found.get(i);
      }
      row[count + 1] = number("[SEP]");
      Arrays.fill(mask, 0, count + 2, 1);
      ids.add(row);
      masks.add(mask);
      types.add(new float[length]);
    }
    List<Long> shape = List.of((long) length);
    return new SampleSet(
        List.of(
            new Column("input_ids", shape, true, ids),
            new Column("attention_mask", shape, true, masks),
            new Column("token_type_ids", shape, true, types)),
        labels,
        sentences);
  }

  private List<Integer> pieces(String sentence) {
    String plain =
        Normalizer.normalize(sentence.toLowerCase(Locale.ROOT), Normalizer.Form.NFD)
            .replaceAll("\\p{Mn}", "")
            .replaceAll("[\\p{P}$+<=>^`|~]", " $0 ");
    var found = new ArrayList<Integer>();
    for (String word : plain.strip().split("\\s+", -1)) {
      found.addAll(piecesOf(word));
    }
    return found;
  }

  private List<Integer> piecesOf(String word) {
    var found = new ArrayList<Integer>();
    int start = 0;
    while (start < word.length()) {
      int end = word.length();
      while (end > start && !numbers.has((start == 0 ? "" : "##") + word.substring(start, end))) {
        end--;
      }
      if (end == start) {
        return List.of(number("[UNK]"));
      }
      found.add(number((start == 0 ? "" : "##") + word.substring(start, end)));
      start = end;
    }
    return found;
  }

  private int number(String piece) {
    return numbers.get(piece).intValue();
  }
}
