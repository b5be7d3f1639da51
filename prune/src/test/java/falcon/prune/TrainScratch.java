package falcon.prune;

import falcon.data.*;
import falcon.model.zoo.Architecture;
import falcon.torch.*;
import java.io.*;
import java.nio.file.*;

class TrainScratch {
  public static void main(String[] args) throws Exception {
    var dataset = Datasets.open(Path.of("/usr/share/datasets/fashion-mnist"));
    var prep = Preprocessing.defaultsOf(dataset.layout());
    try (var workers = new Workers(2)) {
      long t0 = System.nanoTime();
      var t =
          new NetworkTraining(
              Architecture.RESNET20,
              dataset,
              prep,
              Training.Options.defaults(Integer.parseInt(args[0])),
              1);
      var trained =
          t.run(
              workers,
              (e, d, n, l) -> {
                if (d % 12800 == 0 || d == n)
                  System.out.printf(
                      "%d %d/%d loss %.3f %.0f s%n", e, d, n, l, (System.nanoTime() - t0) / 1e9);
              });
      var st = Architecture.toState(trained);
      try (var o =
          new DataOutputStream(
              new BufferedOutputStream(Files.newOutputStream(Path.of("/tmp/fmnist.weights"))))) {
        for (var e : st.tensors().entrySet()) {
          o.writeUTF(e.getKey());
          for (float f : e.getValue().toFloats()) o.writeFloat(f);
        }
      }
      System.out.println(Evaluation.of(trained, ImageSamples.plain(dataset.test(), prep), workers));
    }
  }
}
