package falcon.kernel;

import java.util.ServiceLoader;

/// Chooses the kernels of this process, once.
final class ActiveKernels {
  /// The JDK's module that vector code needs; it is there only if the JVM was started with it.
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private static final String PROPERTY = "falcon.simd";

  private ActiveKernels() {}

  private static final class Holder {
    static final Kernels ACTIVE = choose(System.getProperty(PROPERTY, "auto"));
  }

  static Kernels get() {
    return Holder.ACTIVE;
  }

  /// @param wanted value of the property
  static Kernels choose(String wanted) {
    return switch (wanted) {
      case "off" -> new ScalarKernels();
      case "auto" -> isVectorModulePresent() ? vectorised() : new ScalarKernels();
      case "required" -> {
        if (!isVectorModulePresent()) {
          throw new IllegalStateException(
              "-D%s=required, but the JVM runs without %s; start it with --add-modules %s"
                  .formatted(PROPERTY, VECTOR_MODULE, VECTOR_MODULE));
        }
        Kernels found = vectorised();
        if (found instanceof ScalarKernels) {
          throw new IllegalStateException(
              "-D%s=required, but falcon-simd is not on the class path".formatted(PROPERTY));
        }
        yield found;
      }
      default ->
          throw new IllegalStateException(
              "-D%s=%s; it is auto, required or off".formatted(PROPERTY, wanted));
    };
  }

  private static boolean isVectorModulePresent() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }

  private static Kernels vectorised() {
    return ServiceLoader.load(Kernels.class, Kernels.class.getClassLoader())
        .findFirst()
        .orElseGet(ScalarKernels::new);
  }
}
