package dev.merapi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClaimsTest {
    @TempDir
    Path folder;

    private Path claims;
    private Path evidence;

    @BeforeEach
    void writeEvidence() throws IOException {
        claims = folder.resolve("claims.json");
        evidence = folder.resolve("evidence.json");
        Files.writeString(
                evidence, "{\"e-1\": \"The sky is blue.\", \"e-2\": \"Grass grows.\", \"e-3\": \"Not cited.\"}");
    }

    private Dataset read(String json) throws IOException {
        Files.writeString(claims, json);
        return Claims.read(claims, evidence);
    }

    private void refused(String message, String json) {
        DataException e = assertThrows(DataException.class, () -> read(json));
        assertEquals(message, e.getMessage());
    }

    @Test
    void eachCitedPassageIsAnExample() throws IOException {
        Dataset data = read("""
            {"c-1": {"claim_text": "Blue?", "claim_label": "SUPPORTS", "evidences": ["e-1", "e-2"], "more": [{"x": 1}]},
             "c-2": {"evidences": ["e-2"], "claim_label": "REFUTES", "claim_text": "Gr\u00fcn"},
             "c-3": {"claim_text": "Both.", "claim_label": "DISPUTED", "evidences": ["e-1"]}}\
            """);
        assertEquals(List.of("REFUTES", "NOT_ENOUGH_INFO", "SUPPORTS"), data.labels());
        assertEquals(
                List.of(
                        new Example("c-1/e-1", "Blue?", "The sky is blue.", new Target.OneOf(2)),
                        new Example("c-1/e-2", "Blue?", "Grass grows.", new Target.OneOf(2)),
                        new Example("c-2/e-2", "Gr\u00fcn", "Grass grows.", new Target.OneOf(0))),
                data.examples());
    }

    @Test
    void claimWithoutLabelIsThereToBePredicted() throws IOException {
        Dataset data = read("{\"c-1\": {\"claim_text\": \"Blue?\", \"evidences\": [\"e-1\"]}}");
        assertEquals(List.of(new Example("c-1/e-1", "Blue?", "The sky is blue.", Target.UNKNOWN)), data.examples());
        DataException e = assertThrows(DataException.class, () -> data.require(Target.OneOf.class));
        assertEquals(
                claims + ": example c-1/e-1 has no label, expected one for every example to train or evaluate; add it,"
                        + " or only predict",
                e.getMessage());
    }

    @Test
    void byteOrderMarkIsNoPartOfTheJson() throws IOException {
        assertEquals(
                1,
                read("\uFEFF{\"c\": {\"claim_text\": \"x\", \"claim_label\": \"REFUTES\", \"evidences\": [\"e-1\"]}}")
                        .size());
    }

    @Test
    void unknownLabelIsNamedWithItsPlace() {
        refused(
                claims + " line 2, column 16: claim_label of c-1 is MAYBE, expected one of [REFUTES, NOT_ENOUGH_INFO,"
                        + " SUPPORTS] or DISPUTED; correct it",
                "{\"c-1\": {\n\"claim_label\": \"MAYBE\", \"claim_text\": \"x\", \"evidences\": [\"e-1\"]}}");
    }

    @Test
    void missingPassageIsNamedWithItsClaim() {
        refused(
                claims + ": c-1 cites e-9, which is not among the 3 passages of " + evidence
                        + "; use the evidence file that belongs to the claims",
                "{\"c-1\": {\"claim_text\": \"x\", \"claim_label\": \"SUPPORTS\", \"evidences\": [\"e-9\"]}}");
    }

    @Test
    void missingFieldIsNamed() {
        refused(
                claims
                        + " line 1, column 27: c-1 has no evidences, expected {claim_text, claim_label, evidences:"
                        + " [id…]}; add it",
                "{\"c-1\": {\"claim_text\": \"x\"}}");
    }

    @Test
    void wrongTypeIsNamedWithItsPlace() {
        refused(
                claims + " line 1, column 24: claim_text of c-1 is 7, expected a text in quotes",
                "{\"c-1\": {\"claim_text\": 7}}");
        refused(claims + " line 1, column 1: the file is a list, expected an object {…}", "[]");
    }

    @Test
    void brokenJsonIsNamedWithLineAndColumn() {
        DataException e = assertThrows(DataException.class, () -> read("{\"c-1\":\n {\"claim_text\": \"x\",,"));
        assertTrue(
                e.getMessage()
                        .startsWith(claims + " line 2, column 21: not JSON, Unexpected character (',' (code 44))"),
                e.getMessage());
        assertTrue(e.getMessage().endsWith("; repair the file"), e.getMessage());
    }

    @Test
    void cutOffFileIsNotJson() {
        DataException e = assertThrows(DataException.class, () -> read("{\"c-1\": {\"claim_text\": \"x\""));
        assertTrue(e.getMessage().contains("not JSON, Unexpected end-of-input"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void duplicateClaimIsRefused() {
        String claim = "\"c\": {\"claim_text\": \"x\", \"claim_label\": \"REFUTES\", \"evidences\": [\"e-1\"]}";
        DataException e = assertThrows(DataException.class, () -> read("{" + claim + ", " + claim + "}"));
        assertTrue(e.getMessage().contains("not JSON, Duplicate"), e.getMessage());
    }

    @Test
    void endlessNestingIsAnErrorLikeAnyOther() {
        DataException e = assertThrows(DataException.class, () -> read("{\"c\": {\"more\": " + "[".repeat(100_000)));
        assertTrue(e.getMessage().contains("depth"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void noPairsAreAnError() {
        refused(claims + ": no examples, expected at least one; check that it is the right file and not cut off", "{}");
    }

    @Test
    void missingFileIsNamed() {
        Path missing = folder.resolve("none.json");
        DataException e = assertThrows(DataException.class, () -> Claims.read(missing, evidence));
        assertEquals(
                missing + " does not exist (looked from " + Path.of("").toAbsolutePath() + "); check the path",
                e.getMessage());
        e = assertThrows(DataException.class, () -> Claims.read(folder, evidence));
        assertEquals(folder + " is a folder, expected a file; name the file inside it", e.getMessage());
    }

    @Test
    void otherEncodingsAreRefused() throws IOException {
        Files.write(claims, new byte[] {'{', '"', (byte) 0xE9, '"', '}'});
        DataException e = assertThrows(DataException.class, () -> Claims.read(claims, evidence));
        assertEquals(claims + " line 1: the byte 0xE9 is not UTF-8 text; save the file as UTF-8", e.getMessage());
    }
}
