package falcon.torch;

/// What came of computing one case.
///
/// @param detail what differs, or why it was refused
public record Outcome(Kind kind, String detail) {
  public enum Kind {
    PASSED,
    /// Named as unsupported.
    REFUSED,
    FAILED,
    /// Not accepted by ONNX Runtime: there is nothing to compare with.
    WITHOUT_REFERENCE
  }

  public static Outcome passed() {
    return new Outcome(Kind.PASSED, "");
  }
}
