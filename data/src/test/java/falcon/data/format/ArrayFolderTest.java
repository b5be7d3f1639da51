package falcon.data.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.DataFolders;
import falcon.data.Dataset;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import falcon.data.NamedArrays;
import falcon.data.Npy;
import falcon.data.NumberArray;
import falcon.data.Splits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ArrayFolderTest {
  @TempDir Path folder;

  private final byte[] features = Npy.file("<f4", false, "(3, 2)", Npy.floats(1, 2, 3, 4, 5, 6));
  private final byte[] classes = Npy.file("<i8", false, "(3,)", Npy.longs(0, 2, 1));

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void archiveHoldsArraysByNameAndClasses(boolean isDeflated) {
    Path file = write("a.npz", Npy.archive(isDeflated, ordered("x", features, "labels", classes)));
    Dataset data = Datasets.open(file);
    assertThat(data.layout()).isEqualTo(Layout.ARRAYS);
    assertThat(data.isLabelled()).isTrue();
    assertThat(data.classes()).isEqualTo(3);
    assertThat(data.hasTest()).isFalse();
    var arrays = (NamedArrays) data.train();
    assertThat(arrays.arrays()).containsOnlyKeys("x");
    assertThat(arrays.label(1)).isEqualTo(2);
    assertThat(floats(arrays, "x", 2)).containsExactly(5f, 6f);
  }

  @Test
  void foldersOfArraysAreTrainingAndTestSplit() throws IOException {
    Files.createDirectories(folder.resolve("train"));
    Files.createDirectories(folder.resolve("val"));
    write("train/x.npy", features);
    write("val/x.npy", features);
    write("val/y.npy", classes);
    Dataset data = Datasets.open(folder);
    assertThat(data.train().isLabelled()).isFalse();
    assertThat(data.test().label(2)).isEqualTo(1);
    assertThat(data.files())
        .containsExactly(
            folder.resolve("train/x.npy"),
            folder.resolve("val/x.npy"),
            folder.resolve("val/y.npy"));
  }

  @Test
  void archivesNamedTrainAndTestAreSplits() {
    write("train.npz", Npy.archive(true, ordered("x", features, "y", classes)));
    write("test.npz", Npy.archive(true, ordered("x", features, "y", classes)));
    Dataset data = Datasets.open(folder);
    assertThat(data.train().count()).isEqualTo(3);
    assertThat(data.test().count()).isEqualTo(3);
  }

  @Test
  void singleArrayWithoutClassesIsNamedLikeItsFile() {
    Dataset data = Datasets.open(write("y.npy", features));
    assertThat(data.isLabelled()).isFalse();
    assertThat(((NamedArrays) data.train()).arrays()).containsOnlyKeys("y");
    assertThatThrownBy(data::test)
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("holds no test samples");
  }

  @Test
  void selectedSamplesAreThoseInTheOrderOfTheIndexes() {
    write("train.npz", Npy.archive(true, ordered("x", features, "y", classes)));
    var all = (NamedArrays) Datasets.open(folder).train();
    NamedArrays some = all.select(2, 0, 2);
    assertThat(some.count()).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      int from = List.of(2, 0, 2).get(i);
      assertThat(floats(some, "x", i)).isEqualTo(floats(all, "x", from));
      assertThat(some.label(i)).isEqualTo(all.label(from));
    }
    assertThatThrownBy(() -> all.select(3)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void fortransOrderGivesTheSameSamples() {
    byte[] columns = Npy.floats(1, 7, 3, 9, 5, 11, 2, 8, 4, 10, 6, 12);
    byte[] rows = Npy.floats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    write("c.npy", Npy.file("<f4", false, "(2, 3, 2)", rows));
    write("f.npy", Npy.file("<f4", true, "(2, 3, 2)", columns));
    var arrays = (NamedArrays) Datasets.open(folder).train();
    for (int i = 0; i < 2; i++) {
      assertThat(floats(arrays, "f", i)).isEqualTo(floats(arrays, "c", i));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "<f2, 0042, 3", "<f4, 00004040, 3", ">f4, 40400000, 3", ">f8, 4008000000000000, 3",
    "|i1, fd, -3", "<i2, fdff, -3", ">i4, fffffffd, -3", "<i8, 0300000000000000, 3",
    "|u1, fd, 253", "|b1, 01, 1"
  })
  void everyElementTypeIsRead(String descr, String hexadecimal, float expected) {
    byte[] content = java.util.HexFormat.of().parseHex(hexadecimal);
    Dataset data = Datasets.open(write("x.npy", Npy.file(descr, false, "(1,)", content)));
    var arrays = (NamedArrays) data.train();
    assertThat(floats(arrays, "x", 0)).containsExactly(expected);
    var whole = new long[1];
    array(arrays, "x").copyLongs(0, -3, 253, whole, 0);
    assertThat(whole).containsExactly((long) expected);
  }

  @Test
  void numbersThatTheNetworksTypeCannotHoldAreRefused() {
    write("half.npy", Npy.file("<f4", false, "(2,)", Npy.floats(1, 2.5f)));
    write("large.npy", Npy.file("<i8", false, "(2,)", Npy.longs(1, 1L << 40)));
    write("nan.npy", Npy.file("<f4", false, "(2,)", Npy.floats(1, Float.NaN)));
    var arrays = (NamedArrays) Datasets.open(folder).train();
    var whole = new long[1];
    assertThatThrownBy(() -> array(arrays, "half").copyLongs(1, Long.MIN_VALUE, 9, whole, 0))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("number 0 of sample 1 in array 'half' is 2.5, not a whole number");
    assertThatThrownBy(() -> array(arrays, "large").copyLongs(1, 0, Integer.MAX_VALUE, whole, 0))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("is 1099511627776, not a whole number from 0 to 2147483647");
    assertThatThrownBy(() -> array(arrays, "large").copyFloats(1, new float[1], 0))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("not a float32 without loss");
    assertThatThrownBy(() -> array(arrays, "nan").copyFloats(1, new float[1], 0))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("not a finite float32");
  }

  @Test
  void arraysOfAnotherLengthThanClassesAreRefused() {
    write("x.npy", features);
    write("y.npy", Npy.file("<i8", false, "(2,)", Npy.longs(0, 2)));
    assertThatThrownBy(() -> Datasets.open(folder).train())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("arrays 'x' and 'y' have 3 and 2 samples.");
  }

  @Test
  void arraysOfAnotherLengthAreOneValueForAllSamples() {
    write("x.npy", features);
    write("rate.npy", Npy.file("<i8", false, "()", Npy.longs(16000)));
    write("state.npy", Npy.file("<i8", false, "(2, 1)", Npy.longs(5, 6)));
    NamedArrays arrays = (NamedArrays) Datasets.open(folder).train();
    assertThat(arrays.count()).isEqualTo(3);
    assertThat(arrays.isPerSample(array(arrays, "x"))).isTrue();
    assertThat(arrays.isPerSample(array(arrays, "rate"))).isFalse();
    assertThat(array(arrays, "rate").shape()).isEmpty();
    assertThat(arrays.isPerSample(array(arrays, "state"))).isFalse();
    assertThat(array(arrays, "state").shape()).containsExactly(2L, 1L);
    var rate = new long[1];
    array(arrays, "rate").copyLongs(0, 0, 20000, rate, 0);
    assertThat(rate).containsExactly(16000);
  }

  @Test
  void singleNumbersAloneAreRefused() {
    write("rate.npy", Npy.file("<i8", false, "()", Npy.longs(16000)));
    assertThatThrownBy(() -> Datasets.open(folder).train())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("holds single numbers alone");
  }

  @Test
  void classesOfSeveralNumbersASampleAreRefused() {
    write("x.npy", features);
    write("y.npy", Npy.file("<i8", false, "(3, 2)", Npy.longs(0, 1, 2, 3, 4, 5)));
    assertThatThrownBy(() -> Datasets.open(folder).isLabelled())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining(
            "array 'y' has 2 numbers a sample, and those of sample 1 are not one-hot");
  }

  static Stream<String> hostileHeaders() {
    return Stream.of(
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<U8', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999999999,"
            + " 999999999999999999), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 4611686018427387904), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } + exit()",
        "{'descr': '<f4', 'fortran_order': 'False', 'shape': (3,), }",
        "{'descr': '<f4', 'shape': (3,), }",
        "{'descr': '', 'fortran_order': False, 'shape': (3,), }",
        "{" + "(((".repeat(2000),
        "");
  }

  @ParameterizedTest
  @MethodSource("hostileHeaders")
  void hostileHeaderIsRefused(String header) {
    byte[] file = Npy.file(header, Npy.floats(1, 2, 3));
    Path array = write("x.npy", file);
    assertThatThrownBy(() -> Datasets.open(array).train())
        .isInstanceOf(MalformedDataException.class);
    Path archive = write("x.npz", Npy.archive(true, Map.of("x", file)));
    assertThatThrownBy(() -> Datasets.open(archive).train())
        .isInstanceOf(MalformedDataException.class);
  }

  @Test
  void archiveThatStatesMoreThanDeflateCanHoldIsRefusedBeforeItIsUnpacked() {
    byte[] bytes = Npy.archive(true, Map.of("x", features));
    // the central directory's record of the uncompressed size
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    int record = bytes.length - 22 - 46 - "x.npy".length();
    assertThat(buffer.getInt(record)).isEqualTo(0x02014b50);
    buffer.putInt(record + 24, 0x7fffffff);
    assertThatThrownBy(() -> Datasets.open(write("x.npz", bytes)).train())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("states that 'x.npy' has 2147483647 bytes");
  }

  @Test
  void damagedArchivesGiveAMessage() {
    byte[] sound = Npy.archive(true, ordered("x", features, "labels", classes));
    var random = new SplittableRandom(3);
    for (int trial = 0; trial < 400; trial++) {
      byte[] bytes = sound.clone();
      int length = trial % 2 == 0 ? bytes.length : random.nextInt(bytes.length);
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      Path file = write("x.npz", java.util.Arrays.copyOf(bytes, length));
      try {
        var arrays = (NamedArrays) Datasets.open(file).train();
        assertThat(arrays.count()).isEqualTo(3);
      } catch (MalformedDataException e) {
        assertThat(e).as("trial %d", trial).hasMessageStartingWith(file.toString());
      }
    }
  }

  @Test
  void archiveWithSomethingElseIsRefused() throws IOException {
    var bytes = new java.io.ByteArrayOutputStream();
    try (var zip = new java.util.zip.ZipOutputStream(bytes)) {
      zip.putNextEntry(new java.util.zip.ZipEntry("../evil.sh"));
    }
    Path file = write("x.npz", bytes.toByteArray());
    assertThatThrownBy(() -> Datasets.open(file).train())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("holds '../evil.sh', which is no array.");
  }

  @Test
  void splitsOfUnlabelledSamplesAreDrawnWithoutClasses() {
    Dataset data =
        Datasets.open(write("x.npy", Npy.file("<i8", false, "(40,)", Npy.longs(new long[40]))));
    Splits splits = Splits.of(data.train());
    assertThat(splits.validation()).hasSize(10).isSorted().doesNotHaveDuplicates();
    assertThat(splits.rest()).hasSize(30);
  }

  private Path write(String name, byte[] content) {
    return DataFolders.write(folder.resolve(name), content);
  }

  private static Map<String, byte[]> ordered(
      String first, byte[] firstFile, String second, byte[] secondFile) {
    var arrays = new LinkedHashMap<String, byte[]>();
    arrays.put(first, firstFile);
    arrays.put(second, secondFile);
    return arrays;
  }

  private static NumberArray array(NamedArrays arrays, String name) {
    return Objects.requireNonNull(arrays.arrays().get(name));
  }

  private static List<Float> floats(NamedArrays arrays, String name, int index) {
    NumberArray array = array(arrays, name);
    var values = new float[array.sampleSize()];
    array.copyFloats(index, values, 0);
    var list = new java.util.ArrayList<Float>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }
}
