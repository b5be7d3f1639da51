package falcon.prune;

import falcon.budget.*;
import falcon.data.*;
import falcon.model.*;
import falcon.model.zoo.Architecture;
import falcon.model.pytorch.PyTorchCheckpoint;
import falcon.projection.BudgetProjection;
import falcon.quadratic.ChannelLeastSquares;
import falcon.torch.*;
import java.nio.file.Path;
import java.util.*;

class Scratch {
  public static void main(String[] args) throws Exception {
    double share = Double.parseDouble(args[0]);
    int nimg = Integer.parseInt(args[1]);
    int pos = Integer.parseInt(args[2]);
    boolean sums = args[3].equals("1");
    Path ck = Path.of("/work/shared/data/checkpoints/resnet20_cifar10.pth.tar");
    Network net = Architecture.RESNET20.fromState(PyTorchCheckpoint.read(ck), ck);
    var layers = Layers.of(net);
    System.out.println(layers.prunableWeights() + " " + layers.prunableMacs() + " " + layers.prunable().size());
    var cb = CostTable.builder();
    for (var l : layers.prunable()) cb.layer(l.tensor(), l.weights(), l.macsPerWeight());
    var costs = cb.build();
    var dataset = Datasets.open(Path.of("/work/shared/data/cifar10"));
    var prep = Preprocessing.defaultsOf(dataset.layout());
    var splits = Splits.of(dataset.train());
    try (var workers = new Workers(2)) {
      var test = ImageSamples.plain(dataset.test(), prep);
      var val = ImageSamples.plain(dataset.train(), splits.validation(), prep);
      long t = System.nanoTime();
      System.out.println("dense val " + Evaluation.of(net, val, workers).accuracy() + " " + (System.nanoTime() - t) / 1e9);
      t = System.nanoTime();
      var proj = new BudgetProjection();
      float[] w = weights(net, costs);
      float[] sal = new float[w.length];
      for (int i = 0; i < w.length; i++) sal[i] = w[i] * w[i];
      long F = (long) (share * costs.totalMacs());
      var p = proj.project(sal, costs, new Budget((long) (1.2 * share * w.length), F));
      System.out.println("project " + (System.nanoTime() - t) / 1e6 + " ms gap " + p.relativeGap() + " nnz " + p.nnz() + " slack " + p.macsSlack());
      var rep = new LinkedHashMap<String, falcon.model.Tensor>();
      for (var l : costs.layers()) { float[] v = net.tensor(l.name()).toFloats(); for (int i = 0; i < v.length; i++) if (!p.mask().isKept(l.offset() + i)) v[i] = 0; rep.put(l.name(), falcon.model.Tensor.ofFloats(net.tensor(l.name()).shape(), v)); }
      var pruned = net.withTensors(rep);
      var offsets = new HashMap<String, Integer>();
      for (var l : costs.layers()) offsets.put(l.name(), l.offset());
      for (int r = 0; r < 2; r++) {
      t = System.nanoTime();
      var cal = ImageSamples.augmented(dataset.train(), splits.calibration(1, 0, nimg), prep, 5);
      long[] solve = new long[1];
      var refit = new Reconstruction(net, new Reconstruction.Options(pos, sums), workers).refit(pruned, costs.layers().stream().map(CostTable.Layer::name).toList(), cal, pr -> {
        long s0 = System.nanoTime();
        int off = java.util.Objects.requireNonNull(offsets.get(pr.tensorName()));
        var res = ChannelLeastSquares.of(pr.inputs(), pr.outputs(), pr.gram(), pr.cross()).solve(pr.present(), i -> p.mask().isKept(off + pr.tensorIndex(i)), workers.executor());
        solve[0] += System.nanoTime() - s0; return res;
      }, l -> {});
      System.out.println("refit " + (System.nanoTime() - t) / 1e9 + " solve " + solve[0] / 1e9);
      if (r == 1) System.out.println("val " + Evaluation.of(refit, val, workers) + " test " + Evaluation.of(refit, test, workers));
      }
    }
  }
  static float[] weights(Network net, CostTable costs) {
    float[] w = new float[costs.weightCount()];
    for (var l : costs.layers()) { float[] v = net.tensor(l.name()).toFloats(); System.arraycopy(v, 0, w, l.offset(), v.length); }
    return w;
  }
}
