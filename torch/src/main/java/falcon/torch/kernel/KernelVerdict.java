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

/// Which kernels are right on this machine, and hence how convolutions are computed.
public final class KernelVerdict {
  /// How a fused convolution is computed.
  public enum Fusion {
    AS_IS,
    ALIGNED,
    NONE
  }

  private final Map<Kernel, String> faults;
  private final Map<Kernel, Kernel> used = new EnumMap<>(Kernel.class);

  /// @param faults what is wrong with each kernel that is not right; kernels that were not tried
  ///     are absent
  KernelVerdict(Map<Kernel, String> faults) {
    var ordered = new EnumMap<Kernel, String>(Kernel.class);
    ordered.putAll(faults);
    this.faults = Collections.unmodifiableMap(ordered);
    for (Kernel kernel : Kernel.values()) {
      ways(kernel).filter(this::isRight).findFirst().ifPresent(way -> used.put(kernel, way));
    }
  }

  /// By kernel, what is wrong with it.
  Map<Kernel, String> faults() {
    return faults;
  }

  public boolean isRight(Kernel kernel) {
    return !faults.containsKey(kernel);
  }

  /// The kernel that computes what that one should, null if there is none.
  @Nullable Kernel used(Kernel kernel) {
    return used.get(kernel);
  }

  /// The kernel, then what can take its place.
  private static Stream<Kernel> ways(Kernel kernel) {
    return Stream.concat(Stream.of(kernel), kernel.substitutes().stream());
  }

  /// @throws NativeLibraryException if something that is needed has no right kernel
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

  /// By id of a kernel that is wrong, a sentence with the fault and what takes its place.
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

  /// Computes a convolution in the best way that is right; gradients run through it.
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

  /// How convolutions are fused with what follows them.
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
