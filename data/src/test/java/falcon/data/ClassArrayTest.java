package falcon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ClassArrayTest {
  private static final byte[] FEATURES = floats("(3, 1)", 1, 2, 3);
  private static final byte[] CLASSES = Npy.file("<i8", false, "(3,)", Npy.longs(0, 2, 1));

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"labels", "label", "targets", "target", "y"})
  void classesHaveAnyOfTheUsualNames(String name) {
    NamedArrays arrays = arrays("x", FEATURES, name, CLASSES);
    assertThat(arrays.arrays()).containsOnlyKeys("x");
    assertThat(labels(arrays)).containsExactly(0, 2, 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"labels", "label", "targets", "target", "y"})
  void inputOfThatNameIsAnInput(String name) {
    NamedArrays arrays = arrays("x", FEATURES, name, FEATURES).forInputs(Set.of("x", name));
    assertThat(arrays.arrays()).containsOnlyKeys("x", name);
    assertThat(arrays.isLabelled()).isFalse();
  }

  @Test
  void nextNameHoldsTheClassesWhereTheFirstIsAnInput() {
    NamedArrays arrays = arrays("labels", FEATURES, "y", CLASSES).forInputs(Set.of("labels"));
    assertThat(arrays.arrays()).containsOnlyKeys("labels");
    assertThat(labels(arrays)).containsExactly(0, 2, 1);
  }

  @Test
  void oneHotRowsAreClasses() {
    byte[] oneHot = floats("(3, 4)", 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1);
    assertThat(labels(arrays("x", FEATURES, "labels", oneHot))).containsExactly(2, 0, 3);
    byte[] truth = Npy.file("|b1", false, "(3, 2, 1)", new byte[] {0, 1, 1, 0, 0, 1});
    assertThat(labels(arrays("x", FEATURES, "y", truth))).containsExactly(1, 0, 1);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, -100})
  void ignoredSampleHasNoClass(long ignored) {
    byte[] classes = Npy.file("<i8", false, "(3,)", Npy.longs(1, ignored, 0));
    NamedArrays arrays = arrays("x", FEATURES, "labels", classes);
    assertThat(labels(arrays)).containsExactly(1, Samples.NO_CLASS, 0);
    assertThat(arrays.hasClass(1)).isFalse();
    assertThat(arrays.judged()).containsExactly(0, 2);
    assertThat(arrays.classes()).isEqualTo(2);
  }

  @Test
  void samplesThatAllAreIgnoredHaveNoClasses() {
    byte[] classes = Npy.file("<i8", false, "(3,)", Npy.longs(-1, -1, -1));
    assertThat(arrays("x", FEATURES, "labels", classes).isLabelled()).isFalse();
  }

  @Test
  void ignoredSamplesAreNotHeldOutButCalibrate() {
    int count = 100;
    long[] numbers = IntStream.range(0, count).mapToLong(i -> i < 40 ? i % 2 : -1).toArray();
    NamedArrays arrays =
        arrays(
            "x",
            Npy.file("<f4", false, "(100,)", Npy.floats(new float[count])),
            "y",
            Npy.file("<i8", false, "(100,)", Npy.longs(numbers)));
    var splits = Splits.of(arrays);
    assertThat(IntStream.of(splits.validation())).hasSize(10).allMatch(i -> i < 40);
    assertThat(splits.rest()).hasSize(90);
  }

  @Test
  void otherNumbersAreRefusedByName() {
    assertRefused(floats("(3,)", 0, 1.5f, 1), "holds 1.5 for sample 1");
    assertRefused(Npy.file("<i8", false, "(3,)", Npy.longs(0, 1, -2)), "holds -2 for sample 2");
    assertRefused(floats("(3, 2)", 0, 1, 1, 1, 0, 1), "sample 1 are not one-hot", "number 0 is 1");
    assertRefused(floats("(3, 2)", 0, 1, 0, 0, 0, 1), "sample 1 are not one-hot", "all are 0");
    assertRefused(floats("(3, 2)", 0, 1, 0.5f, 0.5f, 0, 1), "number 0 is 0.5", "wanted is 0 or 1");
    assertRefused(floats("(3, 2, 2)", new float[12]), "has shape [2, 2] a sample");
  }

  private void assertRefused(byte[] classes, String... parts) {
    assertThatThrownBy(() -> arrays("x", FEATURES, "labels", classes).isLabelled())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContainingAll(parts);
  }

  private static byte[] floats(String shape, float... values) {
    return Npy.file("<f4", false, shape, Npy.floats(values));
  }

  private static List<Integer> labels(NamedArrays arrays) {
    return IntStream.range(0, arrays.count()).mapToObj(arrays::label).toList();
  }

  private NamedArrays arrays(String first, byte[] ofFirst, String second, byte[] ofSecond) {
    SequencedMap<String, byte[]> content = new LinkedHashMap<>();
    content.put(first, ofFirst);
    content.put(second, ofSecond);
    try {
      Path file = Files.write(folder.resolve("a.npz"), Npy.archive(false, content));
      return NamedArrays.of(file, NpzFile.read(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
