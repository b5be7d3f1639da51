package falcon.benchmarks.real;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Rendered text: single lines for recognition and orientation, pages for detection.
final class TextImages {
  private static final String[] FAMILIES = {Font.SANS_SERIF, Font.SERIF, Font.MONOSPACED};
  private static final double[] PAGE_MEAN = {0.485, 0.456, 0.406};
  private static final double[] PAGE_DEVIATION = {0.229, 0.224, 0.225};

  private final List<String> sentences;
  private final SplittableRandom random;

  TextImages(List<String> sentences, long seed) {
    this.sentences = sentences;
    this.random = new SplittableRandom(seed);
  }

  /// Returns lines of 48 pixels in height as PaddleOCR takes them: blue, green, red as
  /// pixel / 127.5 − 1, zeros right of the text.
  ///
  /// @param turned whether half of the lines are turned by 180 degrees; they are class 1
  SampleSet lines(String input, int count, int width, boolean turned) {
    var values = new ArrayList<float[]>();
    var texts = new ArrayList<String>();
    var labels = new ArrayList<Integer>();
    for (int i = 0; i < count; i++) {
      String text = words(2 + random.nextInt(3));
      BufferedImage line = line(text);
      while (line.getWidth() > width) {
        text = words(2);
        line = line(text);
      }
      boolean isTurned = turned && random.nextBoolean();
      labels.add(isTurned ? 1 : 0);
      values.add(
          planes(
              isTurned ? half(line) : line,
              width,
              new double[] {0.5, 0.5, 0.5},
              new double[] {0.5, 0.5, 0.5}));
      texts.add(text);
    }
    var column = new Column(input, List.of(3L, 48L, (long) width), false, values);
    return turned ? SampleSet.of(column, labels) : new SampleSet(List.of(column), List.of(), texts);
  }

  /// Returns square pages with some lines of text, standardised as for ImageNet.
  SampleSet pages(String input, int count, int size) {
    var values = new ArrayList<float[]>();
    for (int i = 0; i < count; i++) {
      var page = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
      Graphics2D graphics = graphics(page);
      Color paper = paper();
      graphics.setColor(paper);
      graphics.fillRect(0, 0, size, size);
      int y = 10 + random.nextInt(20);
      while (y < size - 20) {
        Font font = font(10 + random.nextInt(16));
        graphics.setFont(font);
        graphics.setColor(ink(paper));
        y += font.getSize();
        graphics.drawString(words(1 + random.nextInt(4)), 4 + random.nextInt(size / 4), y);
        y += 6 + random.nextInt(40);
      }
      graphics.dispose();
      noise(page);
      values.add(planes(page, size, PAGE_MEAN, PAGE_DEVIATION));
    }
    return SampleSet.unlabelled(
        new Column(input, List.of(3L, (long) size, (long) size), false, values));
  }

  private String words(int count) {
    String[] words = sentences.get(random.nextInt(sentences.size())).split(" ", -1);
    int from = random.nextInt(Math.max(1, words.length - count));
    var text = new StringBuilder();
    for (int i = from; i < Math.min(words.length, from + count); i++) {
      String word = words[i];
      text.append(text.isEmpty() ? "" : " ")
          .append(
              random.nextInt(4) == 0
                  ? Character.toUpperCase(word.charAt(0)) + word.substring(1)
                  : word);
    }
    return text.toString();
  }

  /// Renders one line of 48 pixels in height, slightly turned, with noise.
  private BufferedImage line(String text) {
    Font font = font(22 + random.nextInt(12));
    var measured = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    measured.setFont(font);
    Rectangle2D bounds = font.getStringBounds(text, measured.getFontRenderContext());
    measured.dispose();
    var image =
        new BufferedImage((int) Math.ceil(bounds.getWidth()) + 12, 48, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = graphics(image);
    Color paper = paper();
    graphics.setColor(paper);
    graphics.fillRect(0, 0, image.getWidth(), 48);
    graphics.setColor(ink(paper));
    graphics.setFont(font);
    graphics.rotate(
        (random.nextDouble() - 0.5) * 0.03, image.getWidth() / 2.0, image.getHeight() / 2.0);
    graphics.drawString(text, 6, (float) (24 - bounds.getCenterY()));
    graphics.dispose();
    noise(image);
    return image;
  }

  private Font font(int size) {
    return new Font(FAMILIES[random.nextInt(FAMILIES.length)], random.nextInt(4), size);
  }

  private Color paper() {
    int light = 150 + random.nextInt(106);
    return new Color(light, Math.min(255, light + random.nextInt(20)), light - random.nextInt(40));
  }

  /// Returns a dark colour, in one of four cases on a paper that is light.
  private Color ink(Color paper) {
    int dark = random.nextInt(70);
    return random.nextInt(4) == 0
        ? new Color(random.nextInt(90), random.nextInt(60), Math.min(200, paper.getBlue() / 2))
        : new Color(dark, dark, dark);
  }

  private void noise(BufferedImage image) {
    double strength = 12 * random.nextDouble();
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int pixel = image.getRGB(x, y);
        int shift = (int) (strength * random.nextGaussian());
        image.setRGB(
            x,
            y,
            clip(pixel >> 16, shift) << 16 | clip(pixel >> 8, shift) << 8 | clip(pixel, shift));
      }
    }
  }

  private static int clip(int channel, int shift) {
    return Math.clamp((channel & 255) + shift, 0, 255);
  }

  private static Graphics2D graphics(BufferedImage image) {
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    return graphics;
  }

  private static BufferedImage half(BufferedImage image) {
    var turned = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        turned.setRGB(image.getWidth() - 1 - x, image.getHeight() - 1 - y, image.getRGB(x, y));
      }
    }
    return turned;
  }

  /// Returns blue, green and red planes; right of the image are zeros.
  private static float[] planes(BufferedImage image, int width, double[] mean, double[] deviation) {
    int height = image.getHeight();
    var planes = new float[3 * height * width];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < image.getWidth(); x++) {
          double value = ((image.getRGB(x, y) >> (8 * c)) & 255) / 255.0;
          planes[(c * height + y) * width + x] = (float) ((value - mean[c]) / deviation[c]);
        }
      }
    }
    return planes;
  }
}
