package falcon.benchmarks.real;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Polygon;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Drawn scenes: rooms and boxes with straight edges, drawn faces.
final class Scenes {
  private final SplittableRandom random;

  Scenes(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /// Returns scenes of straight edges: red, green, blue from 0 to 255, and a fourth
  /// channel of ones.
  ///
  /// @return samples of the shape `[size, size, 4]`
  SampleSet edges(String input, int count, int size) {
    var values = new ArrayList<float[]>();
    for (int i = 0; i < count; i++) {
      BufferedImage image = background(size);
      Graphics2D graphics = graphics(image);
      for (int n = 3 + random.nextInt(8); n > 0; n--) {
        graphics.setColor(colour());
        graphics.setStroke(new BasicStroke(1 + random.nextInt(4)));
        var corners = new Polygon();
        int x = random.nextInt(size);
        int y = random.nextInt(size);
        for (int corner = 0; corner < 4; corner++) {
          corners.addPoint(
              x + (corner == 1 || corner == 2 ? 1 : -1) * (10 + random.nextInt(size / 4)),
              y + (corner < 2 ? -1 : 1) * (10 + random.nextInt(size / 4)));
        }
        if (random.nextInt(3) == 0) {
          graphics.drawPolygon(corners);
        } else {
          graphics.fillPolygon(corners);
        }
      }
      graphics.dispose();
      values.add(pixels(image, 4, 1, 0));
    }
    return SampleSet.unlabelled(
        new Column(input, List.of((long) size, (long) size, 4L), false, values));
  }

  /// Returns scenes of which three in four show one or two drawn faces: red, green, blue as pixel /
  /// 127.5 − 1.
  ///
  /// @return samples of the shape `[size, size, 3]`
  SampleSet faces(String input, int count, int size) {
    var values = new ArrayList<float[]>();
    for (int i = 0; i < count; i++) {
      BufferedImage image = background(size);
      Graphics2D graphics = graphics(image);
      for (int n = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(2); n > 0; n--) {
        face(graphics, size);
      }
      graphics.dispose();
      values.add(pixels(image, 3, 127.5, 1));
    }
    return SampleSet.unlabelled(
        new Column(input, List.of((long) size, (long) size, 3L), false, values));
  }

  private void face(Graphics2D graphics, int size) {
    AffineTransform before = graphics.getTransform();
    double wide = size * (0.15 + 0.2 * random.nextDouble());
    double high = wide * (1.2 + 0.3 * random.nextDouble());
    graphics.translate(
        wide + random.nextDouble() * (size - 2 * wide),
        high + random.nextDouble() * Math.max(1, size - 2 * high));
    graphics.rotate((random.nextDouble() - 0.5) * 0.5);
    int skin = 110 + random.nextInt(120);
    var hair = new Color(random.nextInt(80), random.nextInt(60), random.nextInt(50));
    graphics.setColor(hair);
    graphics.fill(ellipse(0, -0.2 * high, 1.08 * wide, high));
    graphics.setPaint(
        new GradientPaint(
            (float) -wide,
            0,
            new Color(skin, skin * 3 / 4, skin * 5 / 8),
            (float) wide,
            0,
            new Color(skin * 7 / 8, skin * 5 / 8, skin / 2)));
    graphics.fill(ellipse(0, 0, 0.92 * wide, 0.95 * high));
    for (int side = -1; side <= 1; side += 2) {
      graphics.setColor(Color.WHITE);
      graphics.fill(ellipse(side * 0.38 * wide, -0.15 * high, 0.17 * wide, 0.08 * high));
      graphics.setColor(hair);
      graphics.fill(ellipse(side * 0.38 * wide, -0.15 * high, 0.08 * wide, 0.08 * high));
      graphics.fill(ellipse(side * 0.38 * wide, -0.32 * high, 0.22 * wide, 0.03 * high));
    }
    graphics.setColor(new Color(skin * 3 / 4, skin / 2, skin * 3 / 8));
    graphics.fill(ellipse(0, 0.12 * high, 0.1 * wide, 0.13 * high));
    graphics.setColor(new Color(150, 50, 60));
    graphics.fill(ellipse(0, 0.48 * high, 0.33 * wide, 0.07 * high));
    graphics.setTransform(before);
  }

  private static Ellipse2D ellipse(double x, double y, double halfWidth, double halfHeight) {
    return new Ellipse2D.Double(x - halfWidth, y - halfHeight, 2 * halfWidth, 2 * halfHeight);
  }

  private BufferedImage background(int size) {
    var image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = graphics(image);
    graphics.setPaint(new GradientPaint(0, 0, colour(), random.nextInt(size), size, colour()));
    graphics.fillRect(0, 0, size, size);
    for (int n = random.nextInt(4); n > 0; n--) {
      graphics.setColor(colour());
      graphics.fillRect(
          random.nextInt(size), random.nextInt(size), random.nextInt(size), random.nextInt(size));
    }
    graphics.dispose();
    return image;
  }

  private Color colour() {
    return new Color(random.nextInt(256), random.nextInt(256), random.nextInt(256));
  }

  private static Graphics2D graphics(BufferedImage image) {
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    return graphics;
  }

  /// Returns pixel / scale − shift, channels last, with noise; a fourth channel is 1.
  private float[] pixels(BufferedImage image, int channels, double scale, double shift) {
    var pixels = new float[image.getHeight() * image.getWidth() * channels];
    int next = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        double grain = 5 * random.nextGaussian();
        for (int c = 0; c < channels; c++) {
          double value = Math.clamp(((image.getRGB(x, y) >> (8 * (2 - c))) & 255) + grain, 0, 255);
          pixels[next++] = c == 3 ? 1 : (float) (value / scale - shift);
        }
      }
    }
    return pixels;
  }
}
