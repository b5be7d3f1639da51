package falcon.prune;

import falcon.data.*;
import falcon.model.*;
import falcon.model.format.Networks;
import falcon.model.zoo.Architecture;
import java.nio.file.Path;

class Scratch {
  public static void main(String[] args) throws Exception {
    double share = Double.parseDouble(args[0]);
    var o = PruningOptions.builder().method(Method.of(args[1])).seed(Long.parseLong(args[2]));
    if (args.length > 3 && args[3].equals("backsolve")) o.refit(Refit.BACKSOLVE);
    if (args.length > 4) o.curvature(Curvature.valueOf(args[4]));
    if (args.length > 5) o.ridge(Double.parseDouble(args[5]));
    Network net =
        Networks.read(
            Path.of("/work/shared/data/checkpoints/resnet20_cifar10.pth.tar"),
            Architecture.RESNET20);
    var dataset = Datasets.open(Path.of("/work/shared/data/cifar10"));
    var p =
        Falcon.prune(net, dataset, BudgetRequest.macs(share))
            .options(o.build())
            .progress(
                new Progress() {
                  @Override
                  public void note(String m) {
                    System.out.println(m);
                  }

                  @Override
                  public void warn(String m) {
                    System.out.println("WARN " + m);
                  }
                })
            .run();
    System.out.println(
        java.util.Arrays.toString(args)
            + " nnz "
            + p.report().nnz().percent()
            + " macs "
            + p.report().macs().percent()
            + " "
            + p.report().validation()
            + " "
            + p.report().test()
            + " "
            + p.report().certificate().relativeGap()
            + " "
            + p.report().seconds()
            + " rows "
            + p.report().effectiveRows()
            + " peak "
            + p.report().peakMemoryBytes() / 1048576);
  }
}
