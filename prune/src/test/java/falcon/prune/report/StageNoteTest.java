package falcon.prune.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import falcon.prune.storage.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

class StageNoteTest {
  @Test
  void notesThatAreReadAreThoseThatWereWritten() {
    List<StageNote> notes =
        List.of(
            new StageNote.SolvedOnRows(
                List.of(
                    new StageNote.RowLayer("fc1", 256, 208),
                    new StageNote.RowLayer("fc2", 4608, 512))),
            new StageNote.SupportChoice(false, 60, 82.123456789, -3.5),
            new StageNote.MagnitudeChoice("fidelity", 9, 81.123456789, 86.5),
            new StageNote.MagnitudeChoice("accuracy", 300, Double.NaN, 0.1 + 0.2),
            new StageNote.HarmfulRefinement(3, 0.1 + 0.2, Double.NaN),
            new StageNote.HarmfulRefinement(4, 91.5, 90.25),
            new StageNote.FailedRefinement("the loss is NaN in step 3"),
            new StageNote.Remark("as an earlier version said it"));
    ArrayNode array = Json.object().putArray("notes");
    StageNote.write(notes, array);
    assertThat(StageNote.read(Json.parse(Json.text(array)))).isEqualTo(notes);
  }

  @Test
  void textsAreWhatTheReportSays() {
    assertThat(new StageNote.SolvedOnRows(List.of(new StageNote.RowLayer("fc1", 256, 208))).text())
        .isEqualTo(
            "re-fitted on their rows by conjugate gradients, not on the products of their inputs:"
                + " fc1 (256 inputs, 208 rows)");
    assertThat(new StageNote.SupportChoice(true, 60, 90, 87.456).text())
        .isEqualTo(
            "support search taken: on 60 held-out samples the outputs' fidelity is 90.00 % with the"
                + " support search and 87.46 % with the greatest weights");
    assertThat(new StageNote.MagnitudeChoice("fidelity", 9, 81.1, 86.3).text())
        .isEqualTo(
            "re-fitted weights not taken: on 9 held-out samples the fidelity is 81.10 % with the"
                + " re-fitted weights and 86.30 % with the greatest weights as they are");
    assertThat(new StageNote.HarmfulRefinement(3, 99, 12.3).text())
        .isEqualTo(
            "refinement not taken: on 3 held-out samples the outputs' fidelity fell from 99.00 to"
                + " 12.30 %");
  }

  @Test
  void outputsThatAreNoNumbersAreNeverBetter() {
    assertThat(new StageNote.MagnitudeChoice("fidelity", 9, Double.NaN, 1).isMagnitudeBetter())
        .isTrue();
    assertThat(new StageNote.MagnitudeChoice("fidelity", 9, 50, 50).isMagnitudeBetter()).isFalse();
  }

  @Test
  void notesOfUnknownKindsAreRefused() {
    ArrayNode array = Json.object().putArray("notes");
    array.addObject().put("kind", "guess");
    assertThatThrownBy(() -> StageNote.read(array))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a note of an unknown kind: 'guess'");
  }
}
