package falcon.benchmarks.real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Reads text from the outputs of a recogniser, as CTC does: the greatest class of each step,
/// repetitions once, blanks (class 0) left out. The measure is 1 − edit distance / length.
final class CharacterJudge implements Judge {
  private final List<String> characters;

  /// @param keys file with one character a line; the space comes after them
  CharacterJudge(Path keys) throws IOException {
    characters = Files.readAllLines(keys);
  }

  @Override
  public double percent(List<float[]> outputs, SampleSet samples) {
    long wrong = 0;
    long length = 0;
    for (int i = 0; i < outputs.size(); i++) {
      String wanted = samples.texts().get(i);
      wrong += distance(wanted, read(outputs.get(i)));
      length += wanted.length();
    }
    return 100.0 * (length - wrong) / length;
  }

  private String read(float[] output) {
    int classes = characters.size() + 2;
    var text = new StringBuilder();
    int before = 0;
    for (int from = 0; from < output.length; from += classes) {
      int found = Judge.greatest(output, from, classes);
      if (found != 0 && found != before) {
        text.append(found > characters.size() ? " " : characters.get(found - 1));
      }
      before = found;
    }
    return text.toString();
  }

  /// Returns how many characters have to be inserted, removed or replaced.
  private static int distance(String a, String b) {
    var row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
