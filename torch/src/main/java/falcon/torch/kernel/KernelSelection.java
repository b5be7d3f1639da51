package falcon.torch.kernel;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Chooses the kernels to try, one after the other, until each wrong one has a right substitute.
final class KernelSelection {
  /// The fault of a kernel that a user has declared wrong.
  static final String DECLARED = "declared wrong by -D%s".formatted(NativeLibraries.WRONG_KERNELS);

  /// Tries kernels.
  @FunctionalInterface
  interface Trials {
    /// @param kernels kernels in the order of their trials
    /// @return the fault of each kernel, empty if it is right; at least that of the first kernel.
    ///     Kernels behind the first wrong one may be missing, since it may have damaged the memory
    ///     of the process
    Map<Kernel, String> run(List<Kernel> kernels);
  }

  private KernelSelection() {}

  /// @param declared kernels that count as wrong without a trial
  static KernelVerdict choose(Set<Kernel> declared, Trials trials) {
    var results = new EnumMap<Kernel, String>(Kernel.class);
    declared.forEach(kernel -> results.put(kernel, DECLARED));
    while (true) {
      List<Kernel> open = open(results);
      if (open.isEmpty()) {
        results.values().removeIf(String::isEmpty);
        return new KernelVerdict(results);
      }
      Map<Kernel, String> found = trials.run(open);
      if (!found.containsKey(open.getFirst())) {
        throw new IllegalStateException("no result for " + open.getFirst().id());
      }
      results.putAll(found);
    }
  }

  /// Returns the kernels whose results are missing and needed.
  private static List<Kernel> open(Map<Kernel, String> results) {
    var wanted = EnumSet.copyOf(Kernel.FIRST);
    for (Kernel kernel : Kernel.FIRST) {
      List<Kernel> ways = Stream.concat(Stream.of(kernel), kernel.substitutes().stream()).toList();
      for (int i = 0;
          i + 1 < ways.size() && !results.getOrDefault(ways.get(i), "").isEmpty();
          i++) {
        wanted.add(ways.get(i + 1));
      }
    }
    return wanted.stream().filter(kernel -> !results.containsKey(kernel)).toList();
  }
}
