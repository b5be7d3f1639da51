package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.format.Networks;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Networks whose samples do not lie along the first axis, or whose graph fixes their number.
@Tag("native")
class AxesCommandsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"m07d_lstmopen.onnx", "m07e_lstmbf.onnx"})
  void timeMajorNetworkHasTheAccuracyOfItsTwin(String model) throws IOException {
    Ran ran =
        Ran.of(
            "evaluate",
            Cases.file(model),
            "--data",
            Cases.file("data/lstmopen_nt.npz"),
            "--split",
            "train",
            "--json",
            "-q");
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode result = new ObjectMapper().readTree(ran.out());
    assertThat(result.get("accuracy").asDouble()).isEqualTo(100);
    assertThat(result.get("samples").asInt()).isEqualTo(200);
  }

  @Test
  void axisThatIsFoundIsSaid() {
    Ran ran =
        Ran.of(
            "evaluate",
            Cases.file("m07d_lstmopen.onnx"),
            "--data",
            Cases.file("data/lstmopen_nt.npz"),
            "--split",
            "train");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("axis 1 of input 'x FLOAT32[T, N, 12]' counts samples");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "2"})
  void wrongAxisIsRefusedWithWhatThereIs(String axis) {
    Ran ran =
        Ran.of(
            "evaluate",
            Cases.file("m07d_lstmopen.onnx"),
            "--data",
            Cases.file("data/lstmopen_nt.npz"),
            "--split",
            "train",
            "--batch-axis",
            axis);
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err())
        .contains("no axis of output 'y' follows the number of examples", "--batch-axis");
  }

  @Test
  void axisOfAnUnknownInputIsRefusedWithTheInputs() {
    Ran ran = Ran.of("inspect", Cases.file("m07d_lstmopen.onnx"), "--batch-axis", "in=1");
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err())
        .contains("--batch-axis in=1: there is no input 'in'", "[x FLOAT32[T, N, 12]]");
  }

  @Test
  void costsOfATimeMajorNetworkAreThoseOfItsTwin() throws IOException {
    var mapper = new ObjectMapper();
    Ran one =
        Ran.of("inspect", Cases.file("m07d_lstmopen.onnx"), "--input-shape", "10,12", "--json");
    Ran other =
        Ran.of("inspect", Cases.file("m07e_lstmbf.onnx"), "--input-shape", "10,12", "--json");
    assertThat(one.code()).as(one.err()).isZero();
    assertThat(mapper.readTree(one.out()).get("allMacs"))
        .isNotNull()
        .isEqualTo(mapper.readTree(other.out()).get("allMacs"));
  }

  @Test
  void numberOfSamplesThatTheGraphFixesIsKept() throws IOException {
    Path out = folder.resolve("baked");
    String model = Cases.file("m06_bakedbatch.onnx");
    Ran ran =
        Ran.of(
            "prune",
            model,
            "--data",
            Cases.file("data/nchw.npz"),
            "--macs",
            "50%",
            "--method",
            "falcon",
            "--samples",
            "40",
            "--out",
            out.toString());
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("fixes the number of samples to 1 at a time");
    assertThat(Networks.read(out.resolve("model.onnx")).inputs())
        .isEqualTo(Networks.read(Path.of(model)).inputs());
  }

  @Test
  void scalarInputHasOneValueForAllSamples() throws IOException {
    Path out = folder.resolve("scalar");
    String model = Cases.file("m08_scalar.onnx");
    Ran ran =
        Ran.of(
            "prune",
            model,
            "--data",
            Cases.file("data/scalar.npz"),
            "--macs",
            "50%",
            "--method",
            "falcon",
            "--samples",
            "40",
            "--out",
            out.toString(),
            "--json");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("input 'sr INT64[]' has one value for all samples");
    JsonNode result = new ObjectMapper().readTree(ran.out());
    assertThat(result.get("agreement").get("validation").get("dense").asDouble()).isEqualTo(100);
    assertThat(Networks.read(out.resolve("model.onnx")).inputs())
        .isEqualTo(Networks.read(Path.of(model)).inputs());
  }
}
