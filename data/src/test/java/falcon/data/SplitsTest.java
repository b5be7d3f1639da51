package falcon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SplitsTest {
  private final Images train = DataFolders.random(1, 1000, 1, 1, 10);

  @Test
  void aTenthIsHeldOutOfASmallSplit() {
    assertThat(Splits.of(train).validation()).hasSize(100);
  }

  @Test
  void fiveThousandAreHeldOutOfALargeSplit() {
    var splits = Splits.of(DataFolders.random(1, 60_000, 1, 1, 10));
    assertThat(splits.validation()).hasSize(2_000);
    assertThat(splits.rest()).hasSize(58_000);
  }

  @Test
  void ofFewSamplesALargerPartIsHeldOut() {
    var expected = Map.of(1, 0, 2, 1, 9, 4, 16, 8, 31, 8, 40, 10, 128, 32, 319, 32, 330, 33);
    expected.forEach((count, held) ->
        assertThat(Splits.of(DataFolders.random(1, count, 1, 1, 10)).validation())
            .as("of %d", count)
            .hasSize(held));
  }

  @Test
  void validationAndRestMakeUpTheTrainingSplit() {
    var splits = Splits.of(train);
    assertThat(
            IntStream.concat(IntStream.of(splits.validation()), IntStream.of(splits.rest()))
                .sorted())
        .containsExactlyElementsOf(IntStream.range(0, 1000).boxed().toList());
  }

  @Test
  void validationHoldsAsManyOfEachClass() {
    var counts = new int[10];
    for (int index : Splits.of(train).validation()) {
      counts[train.label(index)]++;
    }
    assertThat(counts).containsOnly(10);
  }

  @Test
  void rareClassKeepsHalfOfItsImages() {
    var labels = new byte[100];
    labels[17] = 1;
    labels[62] = 1;
    var images = Images.of(1, 1, 1, new byte[100], labels);
    var validation = Splits.of(images, 30).validation();
    assertThat(IntStream.of(validation).map(images::label).sum()).isEqualTo(1);
  }

  @Test
  void classesAreDrawnAtRandomWhereFewerSamplesAreHeldOut() {
    var images = ordered(500, 1000);
    int[] classes = IntStream.of(Splits.of(images, 50).validation()).map(images::label).toArray();
    assertThat(classes).hasSize(50).doesNotHaveDuplicates();
    assertThat(IntStream.of(classes).filter(c -> c >= 250).count()).isBetween(12L, 38L);
    assertThat(Splits.of(images, 50).validation()).isEqualTo(Splits.of(images, 50).validation());
  }

  @Test
  void noMoreThanHalfOfAnyClassIsHeldOut() {
    var images = ordered(7, 21);
    var counts = new int[7];
    for (int index : Splits.of(images, 7).validation()) {
      counts[images.label(index)]++;
    }
    assertThat(counts).containsOnly(1);
    var rest = Splits.of(ordered(40, 120), 40).rest();
    assertThat(IntStream.of(rest).map(i -> i / 3).distinct()).hasSize(40);
  }

  @Test
  void singleSamplesOfClassesAreHeldOutOnlyIfOthersDoNotSuffice() {
    var labels = new byte[100];
    for (int i = 0; i < 60; i++) {
      labels[i] = (byte) (i + 1); // of one sample each; the others are of class 0
    }
    var images = Images.of(1, 1, 1, new byte[100], labels);
    assertThat(IntStream.of(Splits.of(images, 20).validation())).allMatch(i -> i >= 60);
    assertThat(Splits.of(images, 50).validation())
        .hasSize(50)
        .doesNotHaveDuplicates()
        .satisfies(held ->
            assertThat(IntStream.of(held).filter(i -> i >= 60).count()).isBetween(20L, 21L));
  }

  /// Images in the order of their classes, as many of each.
  private static Images ordered(int classes, int count) {
    var labels = new int[count];
    for (int i = 0; i < count; i++) {
      labels[i] = i * classes / count;
    }
    return Images.ofFiles(
        new Dataset.ImageShape(1, 1, 1), (index, target, offset) -> {}, count, labels);
  }

  @Test
  void validationIsTheSameEachTime() {
    assertThat(Splits.of(train).validation()).isEqualTo(Splits.of(train).validation());
    assertThat(Splits.of(train).validation()).startsWith(11, 13, 18, 53, 54, 61);
  }

  @Test
  void calibrationNeverTakesValidationImagesNorOneTwice() {
    var splits = Splits.of(train);
    for (int stage = 0; stage < 5; stage++) {
      var drawn = splits.calibration(11, stage, 300);
      assertThat(drawn).doesNotHaveDuplicates().doesNotContain(splits.validation());
    }
  }

  @Test
  void calibrationDependsOnSeedAndStageAndIsPinned() {
    var splits = Splits.of(train);
    var drawn = splits.calibration(1, 0, 50);
    assertThat(drawn).startsWith(880, 727, 292, 191, 704, 219);
    assertThat(splits.calibration(1, 0, 50)).isEqualTo(drawn);
    assertThat(splits.calibration(1, 1, 50)).isNotEqualTo(drawn);
    assertThat(splits.calibration(2, 0, 50)).isNotEqualTo(drawn);
  }

  @Test
  void shorterDrawIsTheStartOfALongerOne() {
    var splits = Splits.of(train);
    assertThat(splits.calibration(1, 0, 900)).startsWith(splits.calibration(1, 0, 20));
  }

  @Test
  void moreSamplesThanImagesAreRefused() {
    assertThatThrownBy(() -> Splits.of(train).calibration(1, 0, 901))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("901 samples of 900 training samples that are not held out for validation");
  }

  @Test
  void moreThanHalfHeldOutIsRefused() {
    assertThatThrownBy(() -> Splits.of(train, 501))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("501 validation samples of 1000 training samples: wanted are 0 to 500");
  }
}
