package falcon.torch.kernel;

import falcon.torch.Torch;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// The verdict on this machine's kernels: which of them are right, and hence how convolutions are
/// computed.
public final class KernelVerdict {
  /// The way in which a fused convolution is computed.
  public enum Fusion {
    /// By [FusedConvolution] with the convolution's own channels.
    AS_IS,
    /// By [FusedConvolution] with the channels of an [AlignedConvolution].
    ALIGNED,
    /// Not fused: the convolution and the following nodes are computed one after the other.
    NONE
  }

  private final Map<Kernel, String> faults;
  private final Map<Kernel, Kernel> used = new EnumMap<>(Kernel.class);

  /// @param faults the fault of each wrong kernel; kernels that are right or were not tried are
  ///     absent
  KernelVerdict(Map<Kernel, String> faults) {
    var ordered = new EnumMap<Kernel, String>(Kernel.class);
    ordered.putAll(faults);
    this.faults = Collections.unmodifiableMap(ordered);
    for (Kernel kernel : Kernel.values()) {
      ways(kernel).filter(this::isRight).findFirst().ifPresent(way -> used.put(kernel, way));
    }
  }

  /// Returns the fault of each wrong kernel.
  Map<Kernel, String> faults() {
    return faults;
  }

  /// Returns whether no fault of a kernel is known.
  public boolean isRight(Kernel kernel) {
    return !faults.containsKey(kernel);
  }

  /// Returns the kernel that is used in place of a kernel, itself if it is right; null if there is
  /// none.
  @Nullable Kernel used(Kernel kernel) {
    return used.get(kernel);
  }

  /// Returns the kernel, then its substitutes.
  private static Stream<Kernel> ways(Kernel kernel) {
    return Stream.concat(Stream.of(kernel), kernel.substitutes().stream());
  }

  /// @throws NativeLibraryException if a needed computation has no right kernel
  void requireUsable() {
    for (Kernel kernel : Kernel.values()) {
      if (kernel.isNeeded() && used(kernel) == null) {
        throw new NativeLibraryException(
            """
            libtorch computes wrong results on this machine: %s.
            Nothing is right that could take its place. Another set of instructions may help: \
            set OPENBLAS_CORETYPE=Haswell or ONEDNN_MAX_CPU_ISA=SSE41 and start again.\
            """
                .formatted(
                    ways(kernel)
                        .map(way -> way.id() + ": " + faults.get(way))
                        .collect(Collectors.joining("; "))));
      }
    }
  }

  /// Returns for the id of each wrong kernel a sentence with the fault and the substitute.
  Map<String, String> replacements() {
    var sentences = new LinkedHashMap<String, String>();
    for (Kernel kernel : Kernel.FIRST) {
      String fault = faults.get(kernel);
      if (fault != null) {
        Kernel way = used(kernel);
        sentences.put(
            kernel.id(), "%s; used instead: %s".formatted(fault, way == null ? "none" : way.id()));
      }
    }
    return sentences;
  }

  /// Computes a convolution in the best way that is right; gradients pass through it.
  ///
  /// @return `[b, out, positions…]`, in the innermost scope
  public Tensor convolution(Convolution convolution) {
    Kernel kernel = Kernel.of(convolution.kind());
    if (isRight(kernel) || Torch.type(convolution.x()) != torch.ScalarType.Float) {
      return convolution.direct();
    }
    return used(kernel) == Kernel.ROW_CONVOLUTION
        ? RowConvolution.run(convolution)
        : AlignedConvolution.run(convolution);
  }

  /// Returns how convolutions are fused with the nodes that follow them.
  public Fusion fusion(Convolution.Kind kind) {
    Kernel way =
        used(
            kind == Convolution.Kind.DENSE
                ? Kernel.FUSED_CONVOLUTION
                : Kernel.FUSED_GROUPED_CONVOLUTION);
    return switch (way) {
      case null -> Fusion.NONE;
      case FUSED_CONVOLUTION, FUSED_GROUPED_CONVOLUTION -> Fusion.AS_IS;
      default -> Fusion.ALIGNED;
    };
  }
}
