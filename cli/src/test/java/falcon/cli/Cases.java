package falcon.cli;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/// Small networks and samples that each show a kind of fault: the test resources below `cases`.
final class Cases {
  private Cases() {}

  /// Returns the path of a case.
  ///
  /// @param name of a file below `cases`: `mlp.onnx`, `data/n9.npz`
  static String file(String name) {
    URL found = Cases.class.getResource("cases/" + name);
    if (found == null) {
      throw new IllegalArgumentException("there is no case " + name);
    }
    try {
      return Path.of(new URI(found.toString())).toString();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(name, e);
    }
  }
}
