package falcon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import falcon.model.Network;
import falcon.model.UnwritableFileException;
import falcon.model.onnx.OnnxFile;
import falcon.prune.storage.Json;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The speed of a pruned network, measured by `bench` in a process of its own: with the Vector API,
/// which the process that prunes does without, and without the threads of libtorch.
final class DemoSpeed {
  private static final String SECONDS = "1";

  private DemoSpeed() {}

  /// Measures one example on one thread.
  ///
  /// @return how many times as fast the pruned network is in Falcon's runtime as the dense one in
  ///     ONNX Runtime; null if it could not be measured here
  static @Nullable Double ratio(Network pruned, Network dense) {
    Path folder = null;
    try {
      folder = Files.createTempDirectory("falcon-demo");
      Path prunedFile = folder.resolve("pruned.onnx");
      Path denseFile = folder.resolve("dense.onnx");
      OnnxFile.write(pruned, prunedFile);
      OnnxFile.write(dense, denseFile);
      JsonNode ratio =
          bench(
                  "bench",
                  prunedFile.toString(),
                  "--reference",
                  denseFile.toString(),
                  "--seconds",
                  SECONDS,
                  "--json")
              .at("/settings/0/rows/0/ratio");
      return ratio.isNumber() ? ratio.asDouble() : null;
    } catch (IOException | UnwritableFileException | IllegalArgumentException _) {
      return null; // a figure that is left out says less than an error would
    } finally {
      if (folder != null) {
        remove(folder);
      }
    }
  }

  private static JsonNode bench(String... args) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules",
                "jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of(args));
    Process process = new ProcessBuilder(command).redirectError(Redirect.DISCARD).start();
    try (var out = process.getInputStream()) {
      process.getOutputStream().close();
      return Json.parse(new String(out.readAllBytes(), StandardCharsets.UTF_8));
    } finally {
      process.destroy();
    }
  }

  private static void remove(Path folder) {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException _) {
      return; // a temporary folder, which the system removes
    }
  }
}
