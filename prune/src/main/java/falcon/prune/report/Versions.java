package falcon.prune.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/// Versions of what a result depends on.
public final class Versions {
  /// `schemaVersion` of all JSON that Falcon writes and prints: a key keeps its meaning within a
  /// version, new ones may come.
  public static final int SCHEMA = 1;

  /// Said of what was not packaged, for instance while it is tested.
  private static final String UNKNOWN = "development";

  private Versions() {}

  /// Version of Falcon.
  public static String falcon() {
    return ofArtifact("falcon/falcon-prune");
  }

  /// Versions by name: Falcon, libtorch (with the binding's own), Java, operating system.
  public static Map<String, String> all() {
    var versions = new LinkedHashMap<String, String>();
    versions.put("falcon", falcon());
    versions.put("libtorch", ofArtifact("org.bytedeco/pytorch"));
    versions.put("java", Runtime.version().toString());
    versions.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    return versions;
  }

  /// Maven leaves the version in every jar.
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
