package falcon.runtime.loop;

import java.util.ServiceLoader;

/// Chooses the loops of this process, once.
final class ActiveKernels {
  /// The JDK's module that vector code needs; it is there only if the JVM was started with it.
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private static final String PROPERTY = "falcon.runtime.simd";

  private ActiveKernels() {}

  private static final class Holder {
    static final KernelSource ACTIVE = choose(System.getProperty(PROPERTY, "auto"));
  }

  static KernelSource get() {
    return Holder.ACTIVE;
  }

  /// @param wanted value of the property
  static KernelSource choose(String wanted) {
    return switch (wanted) {
      case "off" -> new ScalarKernels();
      case "auto" ->
          ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent()
              ? ServiceLoader.load(KernelSource.class, KernelSource.class.getClassLoader())
                  .findFirst()
                  .orElseGet(ScalarKernels::new)
              : new ScalarKernels();
      default ->
          throw new IllegalStateException("-D%s=%s; it is auto or off".formatted(PROPERTY, wanted));
    };
  }
}
