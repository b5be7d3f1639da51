package falcon.simd;

import falcon.kernel.Kernels;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// The kernels for a width of vectors that the processor need not prefer: loads the classes of this
/// package again, because the width is a constant in them.
final class KernelsOfWidth extends ClassLoader {
  private KernelsOfWidth() {
    super(KernelsOfWidth.class.getClassLoader());
  }

  /// @param bits 64, 128, 256 or 512
  static Kernels of(int bits) throws ReflectiveOperationException {
    return of(Integer.toString(bits));
  }

  /// @param bits value of the property
  static Kernels of(String bits) throws ReflectiveOperationException {
    @Nullable String before = System.getProperty(VectorWidth.PROPERTY);
    System.setProperty(VectorWidth.PROPERTY, bits);
    try {
      var loader = new KernelsOfWidth();
      Class.forName(VectorWidth.class.getName(), true, loader);
      Class<?> kernels = loader.loadClass(SimdKernels.class.getName());
      return kernels.asSubclass(Kernels.class).getConstructor().newInstance();
    } finally {
      if (before == null) {
        System.clearProperty(VectorWidth.PROPERTY);
      } else {
        System.setProperty(VectorWidth.PROPERTY, before);
      }
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith("falcon.simd.")) {
      return super.loadClass(name, resolve);
    }
    Class<?> loaded = findLoadedClass(name);
    return loaded == null ? findClass(name) : loaded;
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    try (InputStream bytes = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (bytes == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] content = bytes.readAllBytes();
      return defineClass(name, content, 0, content.length);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }
}
