package falcon.spark;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.UncheckedIOException;

/// Objects as bytes. All that Falcon sends is sent as an array of bytes, so that it does not depend
/// on the serialiser that a cluster has set, and can be counted.
final class Wire {
  private Wire() {}

  static byte[] bytes(Object value) {
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static Object object(byte[] bytes) {
    try (var in = new In(bytes)) {
      return in.readObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("driver and executors run different versions of Falcon", e);
    }
  }

  /// Finds classes where the task's own are, which is not the loader of Spark's.
  private static final class In extends ObjectInputStream {
    In(byte[] bytes) throws IOException {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass type)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(type.getName(), false, Wire.class.getClassLoader());
      } catch (ClassNotFoundException _) {
        return super.resolveClass(type);
      }
    }
  }
}
