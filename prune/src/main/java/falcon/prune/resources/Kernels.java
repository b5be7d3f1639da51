package falcon.prune.resources;

import falcon.prune.options.Progress;
import falcon.torch.kernel.Workers;

/// Says which computations of libtorch are replaced on this machine.
public final class Kernels {
  private Kernels() {}

  /// Passes on a sentence for each of them, for those who want to know the details.
  public static void tell(Workers workers, Progress progress) {
    workers
        .replacedKernels()
        .forEach((kernel, sentence) ->
            progress.detail(
                "libtorch computes wrong results on this machine: %s: %s"
                    .formatted(kernel, sentence)));
  }
}
