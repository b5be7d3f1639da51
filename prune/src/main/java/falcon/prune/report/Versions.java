package falcon.prune.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/// The versions of the software that a result depends on.
public final class Versions {
  /// The `schemaVersion` of all JSON that Falcon writes and prints: a key keeps its meaning within
  /// a version, new keys may be added.
  public static final int SCHEMA = 1;

  /// The version of software that was not packaged, for instance in tests.
  private static final String UNKNOWN = "development";

  private Versions() {}

  /// Returns the version of Falcon.
  public static String falcon() {
    return ofArtifact("falcon/falcon-prune");
  }

  /// Returns the versions by name: Falcon, libtorch and OpenBLAS (with the binding's own),
  /// Java, operating system.
  public static Map<String, String> all() {
    var versions = new LinkedHashMap<String, String>();
    versions.put("falcon", falcon());
    versions.put("libtorch", ofArtifact("org.bytedeco/pytorch"));
    versions.put("openblas", ofArtifact("org.bytedeco/openblas"));
    versions.put("java", Runtime.version().toString());
    versions.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    return versions;
  }

  /// Returns the version in a jar's properties, which Maven stores in every jar.
  private static String ofArtifact(String groupAndName) {
    try (InputStream in =
        Versions.class.getResourceAsStream("/META-INF/maven/" + groupAndName + "/pom.properties")) {
      if (in == null) {
        return UNKNOWN;
      }
      var properties = new Properties();
      properties.load(in);
      return properties.getProperty("version", UNKNOWN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
