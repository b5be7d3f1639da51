package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.prune.page.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {
  private static final SmallRun RUN = SmallRun.of(0.5);

  @TempDir private Path folder;
  private Path html;
  private Path markdown;

  @BeforeEach
  void run() {
    RUN.run(folder, RunDirectory.Existing.REFUSE);
    html = folder.resolve("report.html");
    markdown = folder.resolve("report.md");
  }

  @Test
  void aRunLeavesBothReports() {
    assertThat(ReportFile.isUnchanged(html)).isTrue();
    assertThat(ReportFile.isUnchanged(markdown)).isTrue();
  }

  @Test
  void aFinishedRunThatIsResumedWritesMissingReportsAgainAndLeavesEditedOnes() throws IOException {
    String page = Files.readString(html);
    Files.delete(html);
    Files.writeString(markdown, "mine");
    try (RunDirectory run = RUN.open(folder, RunDirectory.Existing.RESUME)) {
      assertThat(run.isFinished()).isTrue();
      assertThat(run.restoreReports()).containsExactly("report.md");
    }
    assertThat(html).hasContent(page);
    assertThat(markdown).hasContent("mine");
  }

  @Test
  void reportsAreMadeAgainButNotOverAnotherFile() throws IOException {
    Files.delete(html);
    assertThat(RunReport.write(folder)).containsExactly(html, markdown);
    assertThat(ReportFile.isUnchanged(html)).isTrue();
    Files.writeString(html, "mine");
    assertThatThrownBy(() -> RunReport.write(folder))
        .hasMessageContaining(html + ": is not a report as Falcon wrote it");
    assertThat(html).hasContent("mine");
  }

  @Test
  void anEditedReportIsInTheWayOfARunThatReplacesThisOne() throws IOException {
    Files.writeString(markdown, "mine");
    assertThatThrownBy(() -> RUN.run(folder, RunDirectory.Existing.REPLACE))
        .hasMessageContaining("report.md would be replaced");
    assertThat(markdown).hasContent("mine");
  }

  @Test
  void aRunWithoutReportsLeavesNoneOfTheRunThatItReplaces() {
    SmallRun silent = RUN.withoutReport();
    silent.run(folder, RunDirectory.Existing.REPLACE);
    assertThat(html).doesNotExist();
    assertThat(markdown).doesNotExist();
    try (RunDirectory run = silent.open(folder, RunDirectory.Existing.RESUME)) {
      assertThat(run.restoreReports()).isEmpty();
    }
    assertThat(html).doesNotExist();
  }

  @Test
  void aReportOfAnotherRunInTheFolderIsInTheWay(@TempDir Path other) throws IOException {
    Files.copy(html, other.resolve("report.html"));
    var place = new OutputFolder(other, RUN.inputs(), true);
    assertThatThrownBy(
            () -> RunDirectory.check(place, RUN.description(), RunDirectory.Existing.REFUSE))
        .hasMessageContaining("report.html is in the way");
    RunDirectory.check(place, RUN.withoutReport().description(), RunDirectory.Existing.REFUSE);
  }
}
