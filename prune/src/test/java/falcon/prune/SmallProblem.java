package falcon.prune;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.zoo.Architecture;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/// A small untrained network and small images, for tests of the way through.
public final class SmallProblem {
  static final int TRAIN = 240;
  static final int TEST = 40;
  private static final int SIDE = 8;
  private static final int CLASSES = 3;

  private SmallProblem() {}

  public static Network network() {
    return Architecture.RESNET20.initial(1, SIDE, SIDE, CLASSES, 5);
  }

  /// Grey images of noise on a bright spot that depends on the class, as idx files.
  public static Dataset dataset(Path folder) {
    try {
      write(folder, "train", TRAIN, 1);
      write(folder, "t10k", TEST, 2);
      return Datasets.open(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path folder, String split, int count, long seed) throws IOException {
    var random = new SplittableRandom(seed);
    var images = new ByteArrayOutputStream();
    var labels = new ByteArrayOutputStream();
    try (var imageOut = new DataOutputStream(images);
        var labelOut = new DataOutputStream(labels)) {
      imageOut.writeInt(0x803);
      imageOut.writeInt(count);
      imageOut.writeInt(SIDE);
      imageOut.writeInt(SIDE);
      labelOut.writeInt(0x801);
      labelOut.writeInt(count);
      for (int i = 0; i < count; i++) {
        int label = i % CLASSES;
        labelOut.writeByte(label);
        for (int p = 0; p < SIDE * SIDE; p++) {
          int spot = p / SIDE / 3 == label ? 120 : 0;
          imageOut.writeByte(spot + random.nextInt(100));
        }
      }
    }
    Files.write(folder.resolve(split + "-images-idx3-ubyte"), images.toByteArray());
    Files.write(folder.resolve(split + "-labels-idx1-ubyte"), labels.toByteArray());
  }
}
