package falcon.torch;

import java.util.Locale;

/// What a program may say of a computation, as messages name it: `‹threads›`. How it is said there,
/// by a flag, a method or a field of a form, is for the program that shows the message.
public enum TorchOption {
  /// Number of threads: [falcon.torch.kernel.Workers].
  THREADS,
  /// Way to prune; `magnitude` computes no gradients.
  METHOD;

  /// `‹name›`, which stands for the option in a message.
  @Override
  public String toString() {
    return "‹" + name().toLowerCase(Locale.ROOT).replace('_', ' ') + "›";
  }
}
