package falcon.model.grid;

/// The outcome of one case.
///
/// @param detail the difference, or the reason for refusal
public record Outcome(Kind kind, String detail) {
  public enum Kind {
    PASSED,
    /// The case is refused as unsupported.
    REFUSED,
    FAILED,
    /// Not accepted by ONNX Runtime: there is nothing to compare with.
    WITHOUT_REFERENCE
  }

  public static Outcome passed() {
    return new Outcome(Kind.PASSED, "");
  }
}
