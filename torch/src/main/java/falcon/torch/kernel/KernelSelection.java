package falcon.torch.kernel;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Decides which kernels are tried, one after the other, until each one that is wrong has a
/// substitute that is right.
final class KernelSelection {
  /// Said of a kernel that is not used because somebody asked for that.
  static final String DECLARED = "declared wrong by -D%s".formatted(NativeLibraries.WRONG_KERNELS);

  /// Tries kernels.
  @FunctionalInterface
  interface Trials {
    /// @param kernels in the order in which they are to be tried
    /// @return by kernel what is wrong with it, empty if nothing is: of the first one at least.
    ///     Those behind the first wrong one may be missing, since it may have damaged the memory
    ///     that they would be computed in
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

  /// Kernels whose results are missing and needed.
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
