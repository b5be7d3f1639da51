package falcon.torch.kernel;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/// What libtorch is set to once it is loaded: it keeps quiet, and it leaves NNPACK alone.
///
/// libtorch writes its warnings straight to the process' standard error, past whatever a program
/// prints there. None of them tells a user of Falcon what to do; failures are exceptions and are
/// not affected.
final class NativeSettings {
  /// The least severe message of libtorch's log that is still written: errors. Warnings are 1.
  private static final String LEAST_SEVERITY = "--caffe2_log_level=2";

  private NativeSettings() {}

  /// @throws NativeLibraryException if libtorch does not take a setting
  static void apply() {
    silenceWarnings();
    // Where the processor is not one that NNPACK knows, libtorch warns of it at every convolution.
    torch.globalContext().setUserEnabledNNPACK(false);
  }

  /// TORCH_WARN and LOG(WARNING) both end in the log whose level this sets. The environment
  /// variable TORCH_CPP_LOG_LEVEL would be read by `torch.initLogging()` only, which nothing here
  /// calls.
  private static void silenceWarnings() {
    try (var _ = new PointerScope()) {
      var arguments = new PointerPointer<BytePointer>(2);
      arguments.put(0, new BytePointer("falcon")).put(1, new BytePointer(LEAST_SEVERITY));
      if (!torch.ParseCommandLineFlags(new IntPointer(1).put(2), arguments)) {
        throw new NativeLibraryException(
            "This libtorch does not take the setting %s.".formatted(LEAST_SEVERITY));
      }
    }
  }
}
