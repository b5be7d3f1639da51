package falcon.data.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import falcon.data.Split;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
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
  /// A red image of 8 by 8 pixels.
  private static final byte[] WEBP =
      Base64.getDecoder()
          .decode(
              "UklGRjwAAABXRUJQVlA4IDAAAADwAQCdASoIAAgAAUAmJaACdLoB+AAETAAA/vKpf/yC5YXXI1/9Lg/S4P0uD/0pAAA=");

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
    assertThat(sized.warnings())
        .containsExactly(
            "1 file of another type in the folders of images is left out (1 .txt); images are read from PNG, JPEG, BMP, GIF, TIFF, WebP files.");
  }

  @Test
  void hiddenFilesAndFoldersAreIgnoredAndSaid() throws IOException {
    for (String name :
        new String[] {".ipynb_checkpoints/a.png", "__MACOSX/a.png", "@eaDir/a.png"}) {
      write("train/" + name, png(4, 4, 0));
    }
    write("train/cat/a.png", png(4, 4, 0));
    write("train/cat/._a.png", new byte[9]);
    write("train/cat/Thumbs.db", new byte[9]);
    write("train/dog/a.png", png(4, 4, 0));
    Dataset data = Datasets.open(folder).sized(3, 4, 4, null);
    assertThat(data.train().count()).isEqualTo(2);
    assertThat(data.classes()).isEqualTo(2);
    assertThat(data.notes())
        .containsExactly(
            "ignored in the folders of images: 5 hidden files or folders (.ipynb_checkpoints, @eaDir, __MACOSX, …)");
    assertThat(data.warnings()).isEmpty();
  }

  @Test
  void whatIsLeftOutIsCounted() throws IOException {
    write("cat/a.png", png(4, 4, 0));
    write("cat/b.avif", new byte[9]);
    write("cat/more/c.png", png(4, 4, 0));
    write("loose.png", png(4, 4, 0));
    write("docs/readme.txt", new byte[9]);
    assertThat(Datasets.open(folder).warnings())
        .hasSize(3)
        .anyMatch(text -> text.contains("(1 .avif)"))
        .anyMatch(text -> text.startsWith("2 folders are left out (docs, cat/more)"))
        .anyMatch(text -> text.startsWith("1 image is left out (loose.png)"));
  }

  @ParameterizedTest
  @CsvSource({
    "'dog,cat,bird', 'cat,bird', 3, '1,2'",
    "'0 dog,1 cat,2 bird', 'cat,bird', 3, '1,2'",
    "'1 dog,2 cat,3 bird', 'cat,bird', 3, '1,2'",
    "'n01 dog,n02 cat,n03 bird', 'n02,n03', 3, '1,2'",
    "'n01,n02,n03', 'n02,n03', 2, '1,2'",
    "'', '0007,0003', 10, '7,3'",
    "'', '7,10', 11, '7,10'",
    "'', '7,10', 10, '6,9'",
    "'', '1green,0red', 5, '1,0'",
    "'', '002.cat,200.dog', 200, '1,199'",
    "'', '7,10', 2, '1,0'",
    "'', 'n01440764,n15075141', 1000, '0,999'",
    "'', 'n01440764,n15075141', 1001, '1,1000'",
    "'', 'n01440764,n15075141', 2, '0,1'",
    "'', 'b,a', 2, '1,0'",
  })
  void foldersGetTheirClass(String lines, String names, int classes, String labels)
      throws IOException {
    if (!lines.isEmpty()) {
      write("classes.txt", lines.replace(',', '\n').getBytes(StandardCharsets.UTF_8));
    }
    String[] folders = names.split(",", -1);
    for (int i = 0; i < folders.length; i++) {
      write("train/%s/%d.png".formatted(folders[i], i), png(4, 4, i));
    }
    var images = (Images) Datasets.open(folder).forClasses(classes).sized(1, 4, 4, null).train();
    var found = new int[folders.length];
    for (int i = 0; i < images.count(); i++) {
      var pixels = new byte[48];
      ((Images) Datasets.open(folder).forClasses(classes).sized(3, 4, 4, null).train())
          .copy(i, pixels, 0);
      found[pixels[32]] = images.label(i);
    }
    assertThat(found)
        .containsExactly(
            Arrays.stream(labels.split(",", -1)).mapToInt(Integer::parseInt).toArray());
  }

  @ParameterizedTest
  @CsvSource({
    "'green,blue', 3",
    "'7,12', 10",
    "'7,007', 10",
    "'7,dog', 10",
    "'0,10', 10",
    "'n01440764,n15075141', 21841",
    "'n01440764,n00000001', 1000"
  })
  void foldersThatMayBeAnyOfMoreClassesAreRefused(String names, int classes) throws IOException {
    for (String name : names.split(",", -1)) {
      write("train/%s/a.png".formatted(name), png(4, 4, 0));
    }
    Dataset data = Datasets.open(folder);
    assertThatThrownBy(() -> data.forClasses(classes))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("the network tells %d classes apart", classes)
        .hasMessageContaining("there are 2 folders of images")
        .hasMessageContaining("Add a file classes.txt");
  }

  @Test
  void foldersWithoutAnImageThatIsReadCountIfOnlyThenAllClassesAreThere() throws IOException {
    write("train/a/1.avif", new byte[9]);
    write("train/b/1.png", png(4, 4, 0));
    write("train/c/1.png", png(4, 4, 0));
    var images = (Images) Datasets.open(folder).forClasses(3).sized(3, 4, 4, null).train();
    assertThat(images.label(0)).isEqualTo(1);
    assertThat(images.label(1)).isEqualTo(2);
    assertThatThrownBy(() -> Datasets.open(folder).forClasses(4))
        .hasMessageContaining(
            "there are 2 folders of images (b, c), and a without any that can be");
  }

  @Test
  void classesOfTestImagesAloneAreTheirOwn() throws IOException {
    write("train/1.png", png(4, 4, 0));
    write("test/b/1.png", png(4, 4, 0));
    write("test/a/1.png", png(4, 4, 0));
    Dataset data = Datasets.open(folder).sized(3, 4, 4, null);
    assertThat(data.isLabelled(Split.TRAIN)).isFalse();
    assertThat(data.isLabelled(Split.TEST)).isTrue();
    assertThat(data.train().isLabelled()).isFalse();
    assertThat(data.test().label(1)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "'cat\n\ndog', nothing in line 2",
    "'cat\ncat', names class 'cat' twice",
    "'bird', which is none of the classes"
  })
  void wrongListOfClassesIsRefused(String lines, String message) throws IOException {
    write("classes.txt", lines.replace("\\n", "\n").getBytes(StandardCharsets.UTF_8));
    write("train/cat/a.png", png(4, 4, 0));
    write("train/dog/a.png", png(4, 4, 0));
    assertThatThrownBy(() -> Datasets.open(folder).sized(3, 4, 4, null).train())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bmp", "gif", "tiff", "png"})
  void otherFormatsAreReadWhateverTheirName(String format) throws IOException {
    write("train/a/x.webp", encoded(format, even(4, 4, 0x336699)));
    byte[] image = bytes(3, 4, 4, null);
    for (int i = 0; i < 16; i++) {
      assertThat(image[i] & 0xff).isCloseTo(0x33, within(3));
      assertThat(image[16 + i] & 0xff).isCloseTo(0x66, within(3));
      assertThat(image[32 + i] & 0xff).isCloseTo(0x99, within(3));
    }
  }

  @Test
  void bitmapOfFiveBitsAChannelIsRead() throws IOException {
    var image = new BufferedImage(4, 4, BufferedImage.TYPE_USHORT_555_RGB);
    for (int i = 0; i < 16; i++) {
      image.setRGB(i % 4, i / 4, 0xffff0000);
    }
    write("train/a/x.bmp", encoded("bmp", image));
    assertThat(bytes(3, 4, 4, null)[0] & 0xff).isEqualTo(255);
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
    write("a/x.png", "%PDF-1.7".getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> bytes(3, 4, 4, null))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("is no image file of a kind that is read: PNG, JPEG, BMP,");
    write("a/x.png", new byte[0]);
    assertThatThrownBy(() -> bytes(3, 4, 4, null)).isInstanceOf(MalformedDataException.class);
  }

  @Test
  void damagedFilesGiveAMessage() throws IOException {
    noise("a/x.png", BufferedImage.TYPE_3BYTE_BGR, 6, 5);
    byte[] png = Files.readAllBytes(folder.resolve("a/x.png"));
    var whole = new ArrayList<byte[]>(List.of(png, WEBP));
    for (String format : new String[] {"jpg", "bmp", "gif", "tiff"}) {
      whole.add(encoded(format, even(16, 16, 0x808080)));
    }
    var random = new SplittableRandom(4);
    for (int trial = 0; trial < 600; trial++) {
      byte[] bytes = whole.get(trial % whole.size()).clone();
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
  void webpIsRead() throws IOException {
    write("a/x.webp", WEBP);
    byte[] image = bytes(3, 8, 8, null);
    assertThat(image[0] & 0xff).isGreaterThan(200);
    assertThat(image[64] & 0xff).isLessThan(60);
    assertThat(image[128] & 0xff).isLessThan(60);
    for (int length = 1; length < WEBP.length; length += 7) {
      write("a/x.webp", Arrays.copyOf(WEBP, length));
      try {
        assertThat(bytes(3, 8, 8, null)).hasSize(192);
      } catch (MalformedDataException e) {
        assertThat(e).as("%d bytes", length).hasMessageContaining("x.webp");
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
