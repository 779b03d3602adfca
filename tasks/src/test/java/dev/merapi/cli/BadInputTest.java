package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.Device;
import dev.merapi.engine.cuda.CudaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever is wrong with the command line or its files: one line that says so, the right exit code, nothing
/// half-written.
class BadInputTest {
    private static final String ROWS = "text,pair,label\nthe sun,is warm,yes\nthe sea,is cold,no\n";

    @TempDir
    Path folder;

    private Path model;
    private Path data;
    private Path output;

    @BeforeEach
    void makeFiles() throws IOException {
        model = TinyModel.folder(folder.resolve("model"));
        data = write("data.csv", ROWS);
        output = folder.resolve("output");
    }

    @Test
    void noVerb() {
        Run run = Run.of("");
        assertEquals(2, run.code());
        assertEquals(
                "merapi: no verb given; expected one of demo, train, evaluate, predict, forward, embed, tokenize,"
                        + " inspect, convert, download, bench, doctor; see merapi --help\n",
                run.err());
    }

    @Test
    void unknownVerb() {
        assertFails(2, "Unmatched argument at index 0: 'trian'; did you mean train?; see merapi --help", "trian");
    }

    @Test
    void unknownOption() {
        assertFails(2, "Unknown option: '--fast'; see merapi doctor --help", "doctor", "--fast");
    }

    @Test
    void tasksAndDevicesOfLaterVersions() {
        assertFails(
                2,
                "Invalid value for positional parameter at index 0 (TASK): expected one of pair-classification,"
                        + " multilabel, span-extraction, ordinal, got poetry; see merapi train --help",
                train("poetry"));
        assertFails(2, "--method: not an option of multilabel; leave it out", train("multilabel", "--method", "corn"));
    }

    @Test
    void aGpuThatIsNotThere() {
        try (Device device = Device.cuda()) {
            assumeTrue(false, "there is " + device);
        } catch (CudaException none) {
            Run run = Run.of("", train("pair-classification", "--device", "cuda"));
            assertEquals(1, run.code());
            assertEquals("merapi: " + none.getMessage(), run.err().strip());
        }
    }

    @Test
    void missingFile() {
        data = folder.resolve("missing.csv");
        Run run = Run.of("", train("pair-classification"));
        assertEquals(1, run.code());
        assertStarts("merapi: " + data + " does not exist", run.err());
    }

    @Test
    void settingOutOfRange() {
        assertFails(
                2,
                "warmup-ratio: expected a number from 0.0 to 1.0, got 3.0",
                train("pair-classification", "--warmup-ratio", "3"));
        assertFails(
                2,
                "--class-weights: not an option of multilabel; leave it out",
                train("multilabel", "--labels", "a", "--class-weights", "1,2"));
    }

    @Test
    void wrongEnumConstant() {
        assertFails(
                2,
                "Invalid value for option '--lr-scheduler-type': expected one of linear-warmup, linear, cosine,"
                        + " cosine-with-min-lr, cosine-warmup-with-min-lr, cosine-with-restarts, polynomial, inverse-sqrt,"
                        + " warmup-stable-decay, constant, constant-with-warmup, step, one-cycle, reduce-lr-on-plateau,"
                        + " greedy, got fast; see merapi train --help",
                train("pair-classification", "--lr-scheduler-type", "fast"));
    }

    @Test
    void aMessageNamesTheArgument() {
        String missing = folder.resolve("nowhere/deep").toString();
        Run convert = Run.of("", "convert", missing, folder.resolve("out").toString());
        assertTrue(convert.err().startsWith("merapi: SRC: there is no folder " + missing), convert.err());
        Run inspect = Run.of("", "inspect", missing);
        assertTrue(inspect.err().startsWith("merapi: MODEL: there is no folder " + missing), inspect.err());
        Run forward = Run.of("", "forward", "--model", missing);
        assertTrue(forward.err().startsWith("merapi: --model: there is no folder " + missing), forward.err());
    }

    @Test
    void folderWithoutConfig() throws IOException {
        Files.delete(model.resolve("config.json"));
        assertFails(
                1,
                model
                        + ": config.json is missing; expected a Hugging Face model folder with config.json and"
                        + " model.safetensors",
                train("pair-classification"));
    }

    @Test
    void modelThatIsNowhere() {
        Run run = Run.of("", "forward", "--model", "no/such");
        assertEquals(2, run.code());
        assertStarts("merapi: --model: there is no folder no/such, and no such name in the hub cache ", run.err());
    }

    @Test
    void weightOfAnotherShape() throws IOException {
        Path config = model.resolve("config.json");
        Files.writeString(
                config, Files.readString(config).replace("\"intermediate_size\": 23", "\"intermediate_size\": 24"));
        Run run = Run.of("", train("pair-classification"));
        assertStarts(
                "merapi: model.safetensors: bert.encoder.layer.0.intermediate.dense.weight (expected [24, 18], got"
                        + " [23, 18])",
                run.err());
        assertEquals(1, run.code());
    }

    @Test
    void damagedConfig() throws IOException {
        Files.writeString(model.resolve("config.json"), "{\"model_type\": ");
        Run run = Run.of("", train("pair-classification"));
        assertStarts("merapi: config.json: expected valid JSON, got an error in line 1", run.err());
        assertEquals(1, run.code());
    }

    @Test
    void emptyDataSet() throws IOException {
        data = write("empty.csv", "text,pair,label\n");
        assertFails(
                1,
                data + ": no examples, expected at least one; check that it is the right file and not cut off",
                train("pair-classification"));
    }

    @Test
    void missingColumn() throws IOException {
        data = write("other.csv", "sentence,label\nthe sun,1\n");
        Run run = Run.of("", train("pair-classification"));
        assertEquals(1, run.code());
        assertEquals(true, run.err().contains("sentence, label") && run.err().contains("text"), run.err());
    }

    @Test
    void maxLengthOverTheModels() {
        Run run = Run.of("", train("pair-classification", "--max-length", "44"));
        assertEquals(2, run.code(), run.err());
        assertEquals(true, run.err().contains("44") && run.err().contains("43"), run.err());
    }

    @Test
    void claimThatCitesAPassageThatIsNotThere() throws IOException {
        data = write(
                "claims.json",
                "{\"claim-1\": {\"claim_text\": \"the sun is warm\", \"claim_label\": \"SUPPORTS\", \"evidences\":"
                        + " [\"e-2\"]}}");
        Path evidence = write("evidence.json", "{\"e-1\": \"the sun\"}");
        assertFails(
                1,
                data + ": claim-1 cites e-2, which is not among the 1 passages of " + evidence
                        + "; use the evidence file that belongs to the claims",
                train("pair-classification", "--format", "claims", "--evidence", evidence.toString()));
    }

    @Test
    void unknownLabel() throws IOException {
        data = write(
                "claims.json",
                "{\"claim-1\": {\"claim_text\": \"the sun\", \"claim_label\": \"MAYBE\", \"evidences\": []}}");
        Path evidence = write("evidence.json", "{}");
        Run run = Run.of("", train("pair-classification", "--format", "claims", "--evidence", evidence.toString()));
        assertEquals(1, run.code());
        assertEquals(
                true,
                run.err()
                        .contains("claim_label of claim-1 is MAYBE, expected one of [REFUTES, NOT_ENOUGH_INFO,"
                                + " SUPPORTS]"),
                run.err());
    }

    @Test
    void outputFolderThatCannotBeWritten() throws IOException {
        output = data.resolve("inside-a-file");
        Run run = Run.of("", train("pair-classification"));
        assertStarts("merapi: ", run.err());
        assertEquals(true, run.err().contains(output.toString()), run.err());
        assertEquals(ROWS, Files.readString(data));
        assertEquals(1, run.code());
    }

    @Test
    void predictionsOfAnUnknownFormat() {
        assertFails(
                2,
                "--output: expected a file that ends in .csv or .jsonl, got out.txt",
                "predict",
                "pair-classification",
                "--model",
                model.toString(),
                "--input",
                data.toString(),
                "--output",
                "out.txt");
    }

    @Test
    void claimsWithoutPassages() {
        assertFails(
                2,
                "--format claims: expected --evidence FILE beside it, got no file of passages",
                train("pair-classification", "--format", "claims"));
    }

    @Test
    void debugAddsTheStackTrace() {
        data = folder.resolve("missing.csv");
        Run run = Run.of("", train("pair-classification", "--debug"));
        assertEquals(1, run.code());
        assertEquals(true, run.err().lines().count() > 5);
    }

    private String[] train(String task, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "train",
                task,
                "--model",
                model.toString(),
                "--train",
                data.toString(),
                "--dev",
                data.toString(),
                "--output-dir",
                output.toString()));
        args.addAll(List.of(more));
        return args.toArray(String[]::new);
    }

    private static void assertStarts(String expected, String err) {
        assertEquals(expected, err.substring(0, Math.min(err.length(), expected.length())), err);
        assertEquals(1, err.lines().count(), "one line");
    }

    private void assertFails(int code, String message, String... args) {
        Run run = Run.of("", args);
        assertEquals("merapi: " + message + "\n", run.err());
        assertEquals("", run.out());
        assertEquals(code, run.code());
        assertFalse(Files.exists(output), "nothing may be written");
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }
}
