package falcon.data.format;

import falcon.data.DataFile;
import falcon.data.MalformedDataException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Which class each folder of images is.
///
/// A file `classes.txt` says it. Else the sorted names are the classes, if the network has no more
/// of them. If it has more, the names must tell: they begin with numbers, or are the WordNet ids of
/// ImageNet.
///
/// @param labels class of each folder, by name
/// @param count number of classes
/// @param assumption what of this order is not certain, for people; null if nothing
record ClassOrder(Map<String, Integer> labels, int count, @Nullable String assumption) {
  /// Name of the file that lists the classes.
  static final String FILE = "classes.txt";

  /// Greatest number of classes of a file.
  private static final int MOST_CLASSES = Short.MAX_VALUE;

  /// Greatest length of such a file in bytes.
  private static final long MOST_BYTES = 1 << 24;

  private static final Pattern NUMBER = Pattern.compile("([0-9]{1,9})([^0-9].*)?");
  private static final Pattern NUMBERED = Pattern.compile("([0-9]{1,9})[\\s,:]+(\\S.*)");

  /// Number of classes of ImageNet (ILSVRC 2012), and that of networks which count "background" as
  /// an additional first one, as TensorFlow's do.
  private static final int IMAGENET = 1000;

  /// Names that a message shows at most.
  private static final int NAMES_SHOWN = 5;

  /// The folders with classes in a data set.
  ///
  /// @param directory folder of the data
  /// @param file its `classes.txt`, null if there is none
  /// @param names sorted names of the folders of training images, or else of test images
  /// @param both names of the folders of images of both splits
  /// @param all names of all folders of both splits, also of those without an image that can be
  ///     read
  record Folders(
      Path directory,
      @Nullable Path file,
      List<String> names,
      Set<String> both,
      SortedSet<String> all) {}

  /// Returns the order.
  ///
  /// @param classes number of classes of the network, null if it is not known
  /// @throws MalformedDataException if the network has more classes than there are folders, and
  ///     nothing tells which of them these are
  static ClassOrder of(Folders folders, @Nullable Integer classes) {
    if (folders.file() != null) {
      return ofFile(folders.file());
    }
    List<String> names = folders.names();
    if (classes == null || names.size() >= classes) {
      return sorted(names);
    }
    ClassOrder named = byNumber(folders.both(), classes);
    if (named == null) {
      named = byWordNet(folders.both(), classes);
    }
    if (named != null) {
      return named;
    }
    if (folders.all().size() == classes) {
      return sorted(folders.all());
    }
    throw unknown(folders, classes);
  }

  private static ClassOrder sorted(Collection<String> names) {
    var labels = new HashMap<String, Integer>();
    for (String name : names) {
      labels.put(name, labels.size());
    }
    return new ClassOrder(labels, labels.size(), null);
  }

  /// Numbers count from 0, but from 1 if one of them is the number of classes.
  ///
  /// @return null if the names do not all begin with different numbers of classes
  private static @Nullable ClassOrder byNumber(Collection<String> names, int classes) {
    var numbers = new TreeMap<Integer, String>();
    for (String name : names) {
      var matcher = NUMBER.matcher(name);
      if (!matcher.matches() || numbers.put(Integer.parseInt(matcher.group(1)), name) != null) {
        return null;
      }
    }
    int first = numbers.lastKey() == classes ? 1 : 0;
    if (numbers.firstKey() < first || numbers.lastKey() >= classes + first) {
      return null;
    }
    var labels = new HashMap<String, Integer>();
    numbers.forEach((number, name) -> labels.put(name, number - first));
    return new ClassOrder(
        labels,
        classes,
        "the %d folders of images are taken for the classes that their numbers name, counted from %d: '%s' is the network's class %d of %d, counted from 0; a file %s says otherwise."
            .formatted(
                numbers.size(),
                first,
                numbers.lastEntry().getValue(),
                numbers.lastKey() - first,
                classes,
                FILE));
  }

  /// @return null if the names are not all ids of ImageNet, or the network has not its classes
  private static @Nullable ClassOrder byWordNet(Collection<String> names, int classes) {
    if (classes != IMAGENET && classes != IMAGENET + 1) {
      return null;
    }
    Map<String, Integer> imageNet = imageNet();
    if (!imageNet.keySet().containsAll(names)) {
      return null;
    }
    var labels = new HashMap<String, Integer>();
    for (String name : names) {
      labels.put(name, Objects.requireNonNull(imageNet.get(name)) + classes - IMAGENET);
    }
    return new ClassOrder(labels, classes, null);
  }

  /// Returns the classes of ImageNet in their order: the ids ascend.
  ///
  /// Source: Russakovsky et al. 2015, "ImageNet Large Scale Visual Recognition Challenge", the
  /// 1,000 classes of 2012.
  private static Map<String, Integer> imageNet() {
    var labels = new HashMap<String, Integer>();
    try (var in =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    ClassOrder.class.getResourceAsStream("imagenet-classes.txt")),
                StandardCharsets.US_ASCII))) {
      in.lines().forEach(id -> labels.put(id, labels.size()));
    } catch (IOException e) {
      throw new IllegalStateException("the list of ImageNet's classes cannot be read", e);
    }
    return labels;
  }

  private static MalformedDataException unknown(Folders folders, int classes) {
    var without = new ArrayList<>(folders.all());
    without.removeAll(folders.both());
    return new MalformedDataException(
        folders.directory(),
        "the network tells %d classes apart, and there %s of images (%s)%s; nothing says which of these classes they are."
            .formatted(
                classes,
                folders.names().size() == 1
                    ? "is 1 folder"
                    : "are %d folders".formatted(folders.names().size()),
                shown(folders.names()),
                without.isEmpty()
                    ? ""
                    : ", and %s without any that can be read".formatted(shown(without))),
        "Add a file %s there: the names of the folders, one a line, in the order of the network's classes (names of classes without a folder, too). Folders whose names begin with the number of the class (0007) or, of ImageNet's 1,000 classes, are its WordNet id (n01440764) need none."
            .formatted(FILE));
  }

  private static String shown(Collection<String> names) {
    return names.stream().limit(NAMES_SHOWN).collect(Collectors.joining(", "))
        + (names.size() > NAMES_SHOWN ? ", …" : "");
  }

  /// Reads the names of the classes, one a line: `cat`, `0 cat`, or `n02123045 tabby, tabby cat`,
  /// of which the first word is a name as well.
  private static ClassOrder ofFile(Path file) {
    List<String> lines = lines(file);
    List<String> names = withoutNumbers(lines);
    var labels = new HashMap<String, Integer>();
    for (int i = 0; i < names.size(); i++) {
      if (labels.put(names.get(i), i) != null) {
        throw new MalformedDataException(
            file,
            "names class '%s' twice, the second time in line %d.".formatted(names.get(i), i + 1),
            "Write each class once, in the order of the network's classes.");
      }
    }
    List<String> firstWords = names.stream().map(name -> name.split("[\\s,]", 2)[0]).toList();
    if (new HashSet<>(firstWords).size() == names.size()) {
      for (int i = 0; i < names.size(); i++) {
        labels.putIfAbsent(firstWords.get(i), i);
      }
    }
    for (int i = 0; i < lines.size(); i++) {
      labels.putIfAbsent(lines.get(i), i);
    }
    return new ClassOrder(labels, names.size(), null);
  }

  private static List<String> lines(Path file) {
    if (DataFile.length(file) > MOST_BYTES) {
      throw new MalformedDataException(
          file,
          "has %d bytes, too many for names of classes.".formatted(DataFile.length(file)),
          "Write one name a line.");
    }
    List<String> lines;
    try {
      lines =
          new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
              .replace("\ufeff", "")
              .strip()
              .lines()
              .map(String::strip)
              .toList();
    } catch (IOException e) {
      throw DataFile.unreadable(file, e);
    }
    int blank = lines.indexOf("");
    if (lines.isEmpty() || blank >= 0 || lines.size() > MOST_CLASSES) {
      throw new MalformedDataException(
          file,
          blank >= 0
              ? "has nothing in line %d, where the name of a class should be.".formatted(blank + 1)
              : "has %d lines; wanted are 1 to %d.".formatted(lines.size(), MOST_CLASSES),
          "Write the names of the classes, one a line, in the order of the network's classes.");
    }
    return lines;
  }

  /// Returns the lines without a number before each, if these count up from 0 or 1.
  private static List<String> withoutNumbers(List<String> lines) {
    var names = new ArrayList<String>();
    Integer first = null;
    for (String line : lines) {
      var matcher = NUMBERED.matcher(line);
      if (!matcher.matches()) {
        return lines;
      }
      int number = Integer.parseInt(matcher.group(1));
      first = first == null ? number : first;
      if (first > 1 || number != first + names.size()) {
        return lines;
      }
      names.add(matcher.group(2));
    }
    return names;
  }
}
