package falcon.prune;

import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.naming.StateNames;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.run.MaskTensors;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Returns a pruned network to the program that its ONNX file was exported from: mask and weights
/// under the names, shapes and order of a state dict of PyTorch.
///
/// ```java
/// Network network = Networks.read(Path.of("demo/resnet20_fmnist.safetensors"));
/// StateDict like = StateDicts.read(Path.of("demo/resnet20_fmnist.safetensors"));
/// PrunedNetwork pruned = Falcon.prune(network, BudgetRequest.nnz(0.25)).run();
/// StateDictExport.Exported exported = StateDictExport.of(network, like).export(pruned);
/// System.out.println(exported.masks().tensors().keySet());
/// ```
///
/// An exporter renames weights, transposes them and folds BatchNormalization into convolutions.
/// What it did is found by the values of the dense network, and undone: a folded convolution's
/// weights are divided by their channel's factor `γ/√(variance + ε)`, and the change of its bias is
/// added to β, so that the outputs are those of the pruned network.
public final class StateDictExport {
  private final StateNames names;
  private boolean isPartial;

  private StateDictExport(StateNames names) {
    this.names = names;
  }

  /// A pruned network in a state dict.
  ///
  /// @param weights all tensors of the state dict, in its order; entries that are no tensors are
  ///     left out
  /// @param masks BOOL tensors, 1 is kept, by the names of the state dict; tied tensors have one,
  ///     under the first of their names
  /// @param changed names of the tensors that have other values than in the state dict
  /// @param leftOut constants of the network that are not in `weights`, a sentence each without a
  ///     full stop; empty unless [#partial] allows it
  public record Exported(
      StateDict weights, StateDict masks, List<String> changed, List<String> leftOut) {
    /// Copies the lists.
    public Exported {
      changed = List.copyOf(changed);
      leftOut = List.copyOf(leftOut);
    }
  }

  /// Finds the tensors of a state dict that the constants of a network are.
  ///
  /// @param dense network before pruning
  /// @param like state dict that the network was exported from: names, shapes and values
  public static StateDictExport of(Network dense, StateDict like) {
    return new StateDictExport(StateNames.of(dense, like));
  }

  /// Sets whether an export leaves out what it does not find; the default is to refuse.
  public StateDictExport partial(boolean value) {
    isPartial = value;
    return this;
  }

  /// Checks that the tensors of some constants are known, before these are pruned.
  ///
  /// @param constants names of constants of the network
  /// @throws PruningException if they are not, unless [#partial] allows it: names them and what
  ///     they may be
  public void require(Collection<String> constants) {
    refuse(names.problems(constants), constants.size());
  }

  /// Returns the state dict of a pruned network.
  ///
  /// @throws PruningException as [#export(Network, StateDict)]
  public Exported export(PrunedNetwork pruned) {
    return export(pruned.network(), MaskTensors.of(pruned.mask(), pruned.plan().layers()));
  }

  /// Returns the state dict of a pruned network.
  ///
  /// @param pruned the network with other values of the same constants
  /// @param mask BOOL, 1 is kept, by the names of constants
  /// @throws PruningException if network and mask do not belong together, or a constant that
  ///     pruning changed is in no tensor of the state dict, or may be in several
  public Exported export(Network pruned, StateDict mask) {
    StateNames.Renamed renamed;
    try {
      renamed = names.renamed(pruned, mask.tensors());
    } catch (IllegalArgumentException e) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "Dense network, pruned network and mask do not belong together: %s.%nGive the network that was pruned (%s), and the files of one run."
              .formatted(e.getMessage(), Option.DENSE),
          e);
    }
    requireZeros(pruned.stored(), mask.tensors());
    refuse(renamed.problems(), Math.max(renamed.problems().size(), mask.tensors().size()));
    return new Exported(renamed.weights(), renamed.masks(), renamed.changed(), renamed.problems());
  }

  /// Checks that pruned weights are zero.
  private static void requireZeros(Network pruned, Map<String, Tensor> masks) {
    masks.forEach((name, mask) -> {
      Tensor tensor = pruned.tensor(name);
      if (!tensor.type().isFloatingPoint()) {
        return;
      }
      float[] values = tensor.toFloats();
      ByteBuffer kept = mask.bytes();
      for (int i = 0; i < values.length; i++) {
        if (kept.get(i) == 0 && values[i] != 0) {
          throw new PruningException(
              PruningException.Kind.INPUT,
              "The mask is that of another network: it says that weight %d of '%s' is pruned, but that is %s.%nGive the files of one run."
                  .formatted(i, name, values[i]));
        }
      }
    });
  }

  private void refuse(List<String> problems, int of) {
    if (problems.isEmpty() || isPartial) {
      return;
    }
    boolean areMost = 2 * problems.size() > of;
    throw new PruningException(
        PruningException.Kind.INPUT,
        "The state dict does not say where %d of the network's tensors belong:%n%s%nNothing was written. %s"
            .formatted(
                problems.size(),
                problems.stream()
                    .map("  %s"::formatted)
                    .collect(Collectors.joining("%n".formatted())),
                areMost
                    ? "This is probably another checkpoint or another architecture: give the state dict that the network was exported from."
                    : "Give the state dict that the network was exported from, export the network again without folding constants (do_constant_folding=False), or export what is known after the run (%s)."
                        .formatted(Option.PARTIAL)));
  }
}
