package falcon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PreprocessingTest {
  private final Preprocessing cifar10 = Preprocessing.defaultsOf(Layout.CIFAR10);
  private final Images images = DataFolders.random(1, 3, 3, 32, 10);

  @Test
  void cifar10DefaultIsPixelOver127AndAHalfMinusOne() {
    var out = new float[5 + 3072];
    cifar10.fill(images, 2, out, 5);
    for (int i = 0; i < 3072; i++) {
      assertThat(out[5 + i]).isCloseTo((float) (images.pixel(2, i) / 127.5 - 1), within(1e-7f));
    }
  }

  @Test
  void channelsLastHaveTheSameNumbersInAnotherOrder() {
    Preprocessing last = Preprocessing.of(cifar10.mean(), List.of(0.2, 0.3, 0.4), 4, true);
    assertThat(last.layout()).isNull();
    var first = new float[3072];
    var moved = new float[1 + 3072];
    last.fill(images, 1, first, 0);
    last.in(ImageLayout.NHWC).fill(images, 1, moved, 1);
    assertMoved(first, moved);
    last.fillAugmented(images, 1, first, 0, Seeds.of(1, "test", 0));
    last.in(ImageLayout.NHWC).fillAugmented(images, 1, moved, 1, Seeds.of(1, "test", 0));
    assertMoved(first, moved);
  }

  private static void assertMoved(float[] first, float[] moved) {
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 1024; i++) {
        assertThat(moved[1 + 3 * i + c]).isEqualTo(first[1024 * c + i]);
      }
    }
  }

  @Test
  void pixelsStayWholeNumbers() {
    var bytes = new byte[256];
    for (int i = 0; i < 256; i++) {
      bytes[i] = (byte) i;
    }
    var image = Images.of(1, 16, 16, bytes, new byte[1]);
    var out = new float[256];
    for (int offset : new int[] {0, -128}) {
      Preprocessing pixels = Preprocessing.ofPixels(1, offset, 0, false);
      pixels.fill(image, 0, out, 0);
      for (int i = 0; i < 256; i++) {
        assertThat(out[i]).isEqualTo(i + offset);
      }
      assertThat(pixels.isWhole(offset, 255 + offset)).isTrue();
      assertThat(pixels.isWhole(offset + 1, 255)).isFalse();
      assertThat(Preprocessing.fromMetadata(Path.of("x"), pixels.toMetadata())).isEqualTo(pixels);
    }
    assertThat(cifar10.isWhole(-1, 1)).isFalse();
    assertThat(Preprocessing.ofPixels(3, -128, 2, true))
        .hasToString("pixels from -128 to 127, border 2, flip");
  }

  @Test
  void layoutIsKeptInMetadata() {
    Preprocessing last = cifar10.in(ImageLayout.NHWC);
    assertThat(last).isNotEqualTo(cifar10);
    assertThat(Preprocessing.fromMetadata(Path.of("x"), last.toMetadata())).isEqualTo(last);
    assertThat(cifar10.toMetadata()).doesNotContainKey("falcon.layout");
    assertThat(last.toString()).endsWith("flip, nhwc");
  }

  @Test
  void channelsHaveTheirOwnMeanAndDeviation() {
    var preprocessing = Preprocessing.of(List.of(0.0, 0.5), List.of(1.0, 0.25), 0, false);
    var image = Images.of(2, 1, 1, new byte[] {51, (byte) 255}, new byte[1]);
    var out = new float[2];
    preprocessing.fill(image, 0, out, 0);
    assertThat(out).containsExactly(0.2f, 2f);
  }

  @Test
  void augmentationWithoutBorderAndFlipChangesNothing() {
    var preprocessing = Preprocessing.of(cifar10.mean(), cifar10.deviation(), 0, false);
    var plain = new float[3072];
    var augmented = new float[3072];
    preprocessing.fill(images, 1, plain, 0);
    preprocessing.fillAugmented(images, 1, augmented, 0, Seeds.of(1, "test", 0));
    assertThat(augmented).isEqualTo(plain);
  }

  /// Each augmented image is one of the (2·border + 1)² crops, mirrored or not, and all occur.
  @Test
  void augmentationGivesEveryCropAndItsMirrorImage() {
    var preprocessing = Preprocessing.of(List.of(0.0), List.of(1 / 255.0), 1, true);
    var image = Images.of(1, 2, 2, new byte[] {1, 2, 3, 4}, new byte[1]);
    float[][] bordered = {{0, 0, 0, 0}, {0, 1, 2, 0}, {0, 3, 4, 0}, {0, 0, 0, 0}};
    Set<List<Float>> expected = new HashSet<>();
    for (int y = 0; y < 3; y++) {
      for (int x = 0; x < 3; x++) {
        float a = bordered[y][x];
        float b = bordered[y][x + 1];
        float c = bordered[y + 1][x];
        float d = bordered[y + 1][x + 1];
        expected.add(List.of(a, b, c, d));
        expected.add(List.of(b, a, d, c));
      }
    }
    Set<List<Float>> found = new HashSet<>();
    var random = Seeds.of(5, "test", 0);
    var out = new float[4];
    for (int i = 0; i < 500; i++) {
      preprocessing.fillAugmented(image, 0, out, 0, random);
      found.add(
          List.of(
              (float) Math.round(out[0]),
              (float) Math.round(out[1]),
              (float) Math.round(out[2]),
              (float) Math.round(out[3])));
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void metadataGivesTheSamePreprocessingBack() {
    var preprocessing =
        Preprocessing.of(List.of(0.4914, 0.4822, 0.4465), List.of(0.2, 1 / 3.0, 0.25), 4, true);
    var metadata = preprocessing.toMetadata();
    assertThat(metadata)
        .containsEntry("falcon.mean", "0.4914,0.4822,0.4465")
        .containsEntry("falcon.border", "4")
        .containsEntry("falcon.flip", "true");
    assertThat(Preprocessing.fromMetadata(Path.of("x"), metadata)).isEqualTo(preprocessing);
  }

  @Test
  void foreignMetadataTellsNothing() {
    assertThat(Preprocessing.fromMetadata(Path.of("x"), Map.of("format", "pt"))).isNull();
  }

  @Test
  void partialMetadataIsRefused() {
    assertThatThrownBy(() -> Preprocessing.fromMetadata(Path.of("x"), Map.of("falcon.mean", "0.5")))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("falcon.deviation is missing");
  }

  @Test
  void zeroDeviationIsRefused() {
    assertThatThrownBy(() -> Preprocessing.of(List.of(0.5), List.of(0.0), 0, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("deviation [0.0] is not above 0");
  }

  @Test
  void otherNumberOfChannelsIsRefused() {
    var grey = Preprocessing.defaultsOf(Layout.IDX);
    assertThatThrownBy(() -> grey.fill(images, 0, new float[3072], 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("preprocessing of 1 channels, images of 3");
  }
}
