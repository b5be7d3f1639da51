package falcon.cli.process;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;

/// Signals of the operating system, and the end of the process that may follow one.
///
/// The JDK passes signals on through `sun.misc.Signal` alone. That class is exported but not
/// standard, and the compiler warns at its name, so it is looked up by reflection.
public final class Signals {
  private Signals() {}

  /// Registers `action`, which is called on a separate thread whenever a signal arrives. A signal
  /// that the process was started to ignore (`nohup`) stays ignored; so does one that does not
  /// exist here.
  public static void on(Stop stop, Consumer<Stop> action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      MethodHandle accept =
          lookup
              .findVirtual(
                  Consumer.class, "accept", MethodType.methodType(void.class, Object.class))
              .bindTo(action)
              .bindTo(stop);
      Object handling =
          MethodHandleProxies.asInterfaceInstance(
              handler, MethodHandles.dropArguments(accept, 0, signal));
      Object named =
          lookup
              .findConstructor(signal, MethodType.methodType(void.class, String.class))
              .invoke(stop.signal());
      lookup
          .findStatic(signal, "handle", MethodType.methodType(handler, signal, handler))
          .invoke(named, handling);
    } catch (Error e) {
      throw e;
    } catch (Throwable e) {
      // There is no such class or signal here: the virtual machine ends the process in its own way.
      return;
    }
  }

  /// Ends the process at once, by the operating system's `_exit`: neither shutdown hooks nor the
  /// destructors of native libraries run. [Runtime#halt] runs the latter, which would destroy
  /// objects that libtorch's threads still use.
  @SuppressWarnings("restricted")
  public static void endProcess(int code) {
    try {
      Linker linker = Linker.nativeLinker();
      linker
          .downcallHandle(
              linker.defaultLookup().find("_exit").orElseThrow(),
              FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
          .invokeExact(code);
    } catch (Throwable e) {
      Runtime.getRuntime().halt(code);
    }
  }
}
