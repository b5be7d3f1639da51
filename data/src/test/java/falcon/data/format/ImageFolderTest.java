package falcon.data.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageFolderTest {
  @TempDir Path folder;

  @Test
  void sortedNamesOfFoldersAreLabels() throws IOException {
    write("train/dog/b.png", png(4, 4, 0x0000ff));
    write("train/cat/a.PNG", png(4, 4, 0xff0000));
    write("train/cat/notes.txt", new byte[1]);
    write("val/dog/c.png", png(4, 4, 0x00ff00));
    Dataset data = Datasets.open(folder);
    assertThat(data.layout()).isEqualTo(Layout.IMAGES);
    assertThat(data.isLabelled()).isTrue();
    assertThat(data.classes()).isEqualTo(2);
    assertThat(data.needsImageSize()).isTrue();
    Dataset sized = data.sized(3, 4, 4, null);
    var train = (Images) sized.train();
    assertThat(train.count()).isEqualTo(2);
    assertThat(train.label(0)).isZero();
    assertThat(train.label(1)).isEqualTo(1);
    assertThat(train.pixel(0, 0)).isEqualTo(255);
    assertThat(train.pixel(0, 16)).isZero();
    assertThat(train.pixel(1, 47)).isEqualTo(255);
    assertThat(sized.test().label(0)).isEqualTo(1);
    assertThat(sized.files()).hasSize(3);
  }

  @Test
  void imagesWithoutFoldersHaveNoClasses() throws IOException {
    write("a.png", png(4, 4, 0xff0000));
    Dataset data = Datasets.open(folder);
    assertThat(data.isLabelled()).isFalse();
    assertThat(data.hasTest()).isFalse();
    assertThat(data.sized(3, 4, 4, null).train().isLabelled()).isFalse();
  }

  @Test
  void testClassThatIsNotTrainedOnIsRefused() throws IOException {
    write("train/cat/a.png", png(4, 4, 0));
    write("test/bird/a.png", png(4, 4, 0));
    assertThatThrownBy(() -> Datasets.open(folder).sized(3, 4, 4, null).test())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("holds a class 'bird' that the training images do not have.");
  }

  @Test
  void imageOfTheRightSizeIsTakenAsItIs() throws IOException {
    byte[] expected = noise("a/x.png", BufferedImage.TYPE_3BYTE_BGR, 6, 5);
    assertThat(bytes(3, 5, 6, null)).isEqualTo(expected);
  }

  @Test
  void middleOfALargerImageIsCutOut() throws IOException {
    byte[] all = noise("a/x.png", BufferedImage.TYPE_3BYTE_BGR, 6, 4);
    byte[] cut = bytes(3, 2, 2, 4);
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < 2; y++) {
        for (int x = 0; x < 2; x++) {
          assertThat(cut[(c * 2 + y) * 2 + x]).isEqualTo(all[(c * 4 + y + 1) * 6 + x + 2]);
        }
      }
    }
  }

  @Test
  void evenColourStaysEvenWhenResized() throws IOException {
    write("a/x.png", png(50, 31, 0x336699));
    byte[] image = bytes(3, 8, 8, null);
    for (int i = 0; i < 64; i++) {
      assertThat(image[i] & 0xff).isEqualTo(0x33);
      assertThat(image[64 + i] & 0xff).isEqualTo(0x66);
      assertThat(image[128 + i] & 0xff).isEqualTo(0x99);
    }
  }

  /// First value: (0.7·0 + 0.9·10 + 0.5·20 + 0.1·30) / 2.2.
  @Test
  void resizingIsATriangleFilterThatWidensWithTheReduction() {
    byte[] row = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90};
    assertThat(ImageScale.scaled(row, 1, 1, 10, 1, 4)).containsExactly(10, 32, 58, 80);
    byte[] small = {0, 100};
    assertThat(ImageScale.scaled(small, 1, 1, 2, 1, 4)).containsExactly(0, 25, 75, 100);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_BYTE_GRAY,
        BufferedImage.TYPE_USHORT_GRAY,
        BufferedImage.TYPE_4BYTE_ABGR,
        BufferedImage.TYPE_BYTE_INDEXED
      })
  void everyKindOfPngIsRead(int type) throws IOException {
    var image = new BufferedImage(4, 4, type);
    boolean isGrey = type == BufferedImage.TYPE_BYTE_GRAY || type == BufferedImage.TYPE_USHORT_GRAY;
    for (int i = 0; i < 16; i++) {
      if (isGrey) {
        int value = type == BufferedImage.TYPE_BYTE_GRAY ? 102 : 102 << 8;
        image.getRaster().setSample(i % 4, i / 4, 0, value);
      } else {
        image.setRGB(i % 4, i / 4, 0xff336699);
      }
    }
    write("a/x.png", encoded("png", image));
    byte[] read = bytes(3, 4, 4, null);
    assertThat(read[0] & 0xff).isEqualTo(isGrey ? 102 : 0x33);
    assertThat(read[47] & 0xff).isEqualTo(isGrey ? 102 : 0x99);
    byte[] grey = bytes(1, 4, 4, null);
    assertThat(grey[5] & 0xff)
        .isEqualTo(isGrey ? 102 : (299 * 0x33 + 587 * 0x66 + 114 * 0x99 + 500) / 1000);
  }

  @Test
  void jpegIsRead() throws IOException {
    write("a/x.jpg", encoded("jpg", even(16, 16, 0x808080)));
    byte[] image = bytes(3, 16, 16, null);
    assertThat(image[100] & 0xff).isBetween(126, 130);
  }

  @ParameterizedTest
  @CsvSource({
    "40000, states 40000×40000 pixels; at most",
    "8000, 'states 8000×8000 pixels, more than its'"
  })
  void sizesThatAreHugeOrThatTheFileCannotHoldAreRefusedBeforeDecoding(int side, String message)
      throws IOException {
    byte[] bytes = png(4, 4, 0);
    ByteBuffer.wrap(bytes).putInt(16, side).putInt(20, side); // IHDR's width and height
    var checksum = new java.util.zip.CRC32();
    checksum.update(bytes, 12, 17);
    ByteBuffer.wrap(bytes).putInt(29, (int) checksum.getValue());
    write("a/x.png", bytes);
    assertThatThrownBy(() -> bytes(3, 4, 4, null))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining(message);
  }

  @Test
  void stripThatWouldBeBlownUpIsRefused() throws IOException {
    write("a/x.png", encoded("png", even(30_000, 1, 0)));
    assertThatThrownBy(() -> bytes(3, 224, 224, null))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("would have 256×7680000 pixels when resized");
  }

  @Test
  void otherFilesOfThatNameAreRefused() throws IOException {
    write("a/x.png", "GIF89a".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> bytes(3, 4, 4, null))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("is neither a PNG nor a JPEG file.");
    write("a/x.png", new byte[0]);
    assertThatThrownBy(() -> bytes(3, 4, 4, null)).isInstanceOf(MalformedDataException.class);
  }

  @Test
  void damagedFilesGiveAMessage() throws IOException {
    noise("a/x.png", BufferedImage.TYPE_3BYTE_BGR, 6, 5);
    byte[] png = Files.readAllBytes(folder.resolve("a/x.png"));
    byte[] jpeg = encoded("jpg", even(16, 16, 0x808080));
    var random = new SplittableRandom(4);
    for (int trial = 0; trial < 300; trial++) {
      byte[] bytes = (trial % 2 == 0 ? png : jpeg).clone();
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      write("a/x.png", bytes);
      try {
        assertThat(bytes(3, 5, 6, null)).hasSize(90);
      } catch (MalformedDataException e) {
        assertThat(e).as("trial %d", trial).hasMessageContaining("x.png");
      }
    }
  }

  @Test
  void pictureBesideOtherDataIsNoFolderOfImages() throws IOException {
    write("test_batch.bin", new byte[3073]);
    write("preview.png", png(4, 4, 0));
    assertThat(Datasets.open(folder).layout()).isEqualTo(Layout.CIFAR10);
  }

  private byte[] bytes(int channels, int height, int width, @Nullable Integer resize) {
    var images = (Images) Datasets.open(folder).sized(channels, height, width, resize).train();
    var bytes = new byte[images.imageSize()];
    images.copy(0, bytes, 0);
    return bytes;
  }

  /// Writes an image of noise.
  ///
  /// @return its bytes `[3, H, W]`
  private byte[] noise(String name, int type, int width, int height) throws IOException {
    var random = new SplittableRandom(2);
    var image = new BufferedImage(width, height, type);
    var planes = new byte[3 * height * width];
    random.nextBytes(planes);
    for (int i = 0; i < height * width; i++) {
      for (int c = 0; c < 3; c++) {
        image.getRaster().setSample(i % width, i / width, c, planes[c * height * width + i] & 0xff);
      }
    }
    write(name, encoded("png", image));
    return planes;
  }

  private static byte[] png(int width, int height, int rgb) throws IOException {
    return encoded("png", even(width, height, rgb));
  }

  private static BufferedImage even(int width, int height, int rgb) {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
    for (int i = 0; i < height * width; i++) {
      image.setRGB(i % width, i / width, rgb);
    }
    return image;
  }

  private static byte[] encoded(String format, BufferedImage image) throws IOException {
    var bytes = new ByteArrayOutputStream();
    ImageIO.write(image, format, bytes);
    return bytes.toByteArray();
  }

  private void write(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.write(file, content);
  }
}
