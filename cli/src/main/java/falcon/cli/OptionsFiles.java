package falcon.cli;

import falcon.cli.output.ShellWords;
import falcon.prune.options.PruningException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/// Words from files: `@run.options` stands for the words in that file, which may name further
/// files. A word that begins with `@@` is no file: it loses the first `@`.
final class OptionsFiles {
  private static final String MARK = "@";

  private OptionsFiles() {}

  /// Returns the words with those of all files in their places. Paths in a file start from the
  /// working folder, as typed ones do.
  ///
  /// @throws PruningException if a file cannot be read, names itself or has a quote that is not
  ///     closed; the message names the file
  static List<String> expanded(List<String> words) {
    var expanded = new ArrayList<String>();
    add(words, new LinkedHashSet<>(), expanded);
    return List.copyOf(expanded);
  }

  /// Returns a word that [#expanded] turns into the given one.
  static String escaped(String word) {
    return word.startsWith(MARK) ? MARK + word : word;
  }

  /// Returns the word that [#escaped] was given.
  static String unescaped(String word) {
    return word.startsWith(MARK + MARK) ? word.substring(1) : word;
  }

  private static void add(List<String> words, SequencedSet<Path> open, List<String> to) {
    for (String word : words) {
      if (word.startsWith(MARK) && !word.startsWith(MARK + MARK) && word.length() > 1) {
        addFile(Path.of(word.substring(1)), open, to);
      } else {
        to.add(unescaped(word));
      }
    }
  }

  private static void addFile(Path file, SequencedSet<Path> open, List<String> to) {
    if (!open.add(file.toAbsolutePath().normalize())) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: the file of options names itself, by way of %s.%nRemove @%s from one of them."
              .formatted(file, open, file));
    }
    add(words(file), open, to);
    open.removeLast();
  }

  private static List<String> words(Path file) {
    try {
      return ShellWords.of(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw failure(file, e.getMessage() + ".", "Close it, or put a backslash before it.", e);
    } catch (CharacterCodingException e) {
      throw failure(file, "this is no text in UTF-8.", "Give a file of options.", e);
    } catch (IOException e) {
      throw failure(
          file,
          "the file of options cannot be read: %s.".formatted(e),
          "A word that begins with @ names a file; @@ stands for a plain @.",
          e);
    }
  }

  private static PruningException failure(
      Path file, String problem, String remedy, Exception cause) {
    return new PruningException(
        PruningException.Kind.INPUT, "%s: %s%n%s".formatted(file, problem, remedy), cause);
  }
}
