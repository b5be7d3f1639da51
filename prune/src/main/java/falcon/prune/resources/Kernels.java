package falcon.prune.resources;

import falcon.prune.options.Progress;
import falcon.torch.kernel.Workers;

/// Reports which computations of libtorch are replaced on this machine.
public final class Kernels {
  private Kernels() {}

  /// Reports one sentence for each of them, as a detail for interested users.
  public static void tell(Workers workers, Progress progress) {
    workers
        .replacedKernels()
        .forEach((kernel, sentence) ->
            progress.detail(
                "libtorch computes wrong results on this machine: %s: %s"
                    .formatted(kernel, sentence)));
  }
}
