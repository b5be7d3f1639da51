package falcon.torch.kernel;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/// The settings of libtorch after loading: it writes no warnings and does not use NNPACK.
///
/// libtorch writes its warnings straight to the process' standard error, bypassing the program's
/// own output. None of them is of use to a user of Falcon; failures are exceptions and are not
/// affected.
final class NativeSettings {
  /// The least severe level of libtorch's log that is still written: errors. Warnings have level 1.
  private static final String LEAST_SEVERITY = "--caffe2_log_level=2";

  private NativeSettings() {}

  /// @throws NativeLibraryException if libtorch does not accept a setting
  static void apply() {
    silenceWarnings();
    // On a processor unknown to NNPACK, libtorch would warn at every convolution.
    torch.globalContext().setUserEnabledNNPACK(false);
  }

  /// Sets the level of the log that receives both TORCH_WARN and LOG(WARNING). The environment
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
