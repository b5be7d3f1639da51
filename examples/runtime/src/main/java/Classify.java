import falcon.model.Tensor;
import falcon.runtime.FalconRuntime;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/// Classifies 1,000 test images of Fashion-MNIST: `Classify MODEL.onnx FOLDER`.
class Classify {
  public static void main(String[] args) throws Exception {
    try (var network = FalconRuntime.load(Path.of(args[0]));
        var images = open(args[1] + "/t10k-images-idx3-ubyte.gz", 16);
        var labels = open(args[1] + "/t10k-labels-idx1-ubyte.gz", 8)) {
      int right = 0;
      for (int image = 0; image < 1000; image++) {
        float[] pixels = new float[28 * 28];
        for (int i = 0; i < pixels.length; i++) {
          pixels[i] = (images.readUnsignedByte() / 255f - 0.2860f) / 0.3530f;
        }
        var input = Tensor.ofFloats(List.of(1L, 1L, 28L, 28L), pixels);
        float[] logits = network.run(Map.of("input", input)).get("logits").toFloats();
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
          best = logits[i] > logits[best] ? i : best;
        }
        right += best == labels.readUnsignedByte() ? 1 : 0;
      }
      System.out.println(right + " of 1000 images right");
    }
  }

  private static DataInputStream open(String file, int header) throws Exception {
    var in = new DataInputStream(new GZIPInputStream(new FileInputStream(file)));
    in.skipNBytes(header);
    return in;
  }
}
