package falcon.torch;

import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Which kernels are right on this machine, and hence how convolutions are computed.
final class KernelVerdict {
  /// How a fused convolution is computed.
  enum Fusion {
    AS_IS,
    ALIGNED,
    NONE
  }

  /// Every kernel is right.
  static final KernelVerdict RIGHT = new KernelVerdict(Map.of());

  private final Map<Kernel, String> faults;

  /// @param faults what is wrong with each kernel that is not right; kernels that were not tried are absent
  KernelVerdict(Map<Kernel, String> faults) {
    var ordered = new EnumMap<Kernel, String>(Kernel.class);
    ordered.putAll(faults);
    this.faults = Collections.unmodifiableMap(ordered);
  }

  /// By kernel, what is wrong with it.
  Map<Kernel, String> faults() {
    return faults;
  }

  boolean isRight(Kernel kernel) {
    return !faults.containsKey(kernel);
  }

  /// The kernel that computes what that one should, null if there is none.
  @Nullable Kernel used(Kernel kernel) {
    return Stream.concat(Stream.of(kernel), kernel.substitutes().stream())
        .filter(this::isRight)
        .findFirst()
        .orElse(null);
  }

  /// @throws NativeLibraryException if something that is needed has no right kernel
  void requireUsable() {
    for (Kernel kernel : Kernel.values()) {
      if (kernel.isNeeded() && used(kernel) == null) {
        List<Kernel> tried =
            Stream.concat(Stream.of(kernel), kernel.substitutes().stream()).toList();
        throw new NativeLibraryException(
            """
            libtorch computes wrong results on this machine: %s.
            Nothing is right that could take its place. Another set of instructions may help: \
            set OPENBLAS_CORETYPE=Haswell or ONEDNN_MAX_CPU_ISA=SSE41 and start again.\
            """
                .formatted(
                    String.join(
                        "; ", tried.stream().map(t -> t.id() + ": " + faults.get(t)).toList())));
      }
    }
  }

  /// Whether something is computed in another way than on a machine where all is right.
  boolean isPlain() {
    return faults.isEmpty();
  }

  /// By id of a kernel that is wrong, a sentence with the fault and what takes its place.
  Map<String, String> replacements() {
    var sentences = new LinkedHashMap<String, String>();
    for (Kernel kernel : Kernel.FIRST) {
      String fault = faults.get(kernel);
      if (fault != null) {
        Kernel used = used(kernel);
        sentences.put(
            kernel.id(),
            "%s; used instead: %s".formatted(fault, used == null ? "none" : used.id()));
      }
    }
    return sentences;
  }

  /// Computes a convolution in the best way that is right; gradients run through it.
  ///
  /// @return `[b, out, positions…]`, in the innermost scope
  Tensor convolution(Convolution convolution) {
    Kernel kernel = Kernel.of(convolution.kind());
    if (isRight(kernel) || !Torch.isOf(convolution.x(), torch.ScalarType.Float)) {
      return convolution.direct();
    }
    return used(kernel) == Kernel.ROW_CONVOLUTION
        ? RowConvolution.run(convolution)
        : AlignedConvolution.run(convolution);
  }

  /// How convolutions are fused with what follows them.
  Fusion fusion(Convolution.Kind kind) {
    Kernel used =
        used(
            kind == Convolution.Kind.DENSE
                ? Kernel.FUSED_CONVOLUTION
                : Kernel.FUSED_GROUPED_CONVOLUTION);
    return switch (used) {
      case null -> Fusion.NONE;
      case FUSED_CONVOLUTION, FUSED_GROUPED_CONVOLUTION -> Fusion.AS_IS;
      default -> Fusion.ALIGNED;
    };
  }
}
