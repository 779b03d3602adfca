package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.nn.pretrained.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The way of a small model through train, evaluate, predict, forward and inspect.
class TrainVerbTest {
    private static final String ROWS =
            "id,text,pair,label\na,the sun,is warm,yes\nb,the sea,is cold,no\nc,the sun,is cold,no\n";

    @TempDir
    Path folder;

    private Path model;
    private Path data;
    private Path output;

    @BeforeEach
    void makeFiles() throws IOException {
        model = TinyModel.folder(folder.resolve("model"));
        data = Files.writeString(folder.resolve("data.csv"), ROWS);
        output = folder.resolve("output");
    }

    @Test
    void trainsEvaluatesAndPredicts() throws IOException {
        Run train = train("--num-train-epochs", "2", "--json");
        assertEquals("", train.err());
        List<Json.Obj> lines = lines(train.out());
        assertEquals(
                List.of("start", "epoch", "epoch", "end"),
                lines.stream().map(line -> line.string("event")).toList());
        Json.Obj end = lines.getLast();
        assertEquals(2, end.integer("epochs"));
        assertEquals(2, end.integer("steps"));
        assertTrue(
                end.number("rows_per_second") > 0 && end.number("tokens_per_second") > end.number("rows_per_second"));

        Run evaluate = Run.of(
                "",
                "evaluate",
                "pair-classification",
                "--model",
                output.toString(),
                "--data",
                data.toString(),
                "--json");
        assertEquals("", evaluate.err());
        Json.Obj metrics = lines(evaluate.out()).getFirst();
        assertEquals(3, metrics.integer("rows"));
        assertEquals(end.number("macro_f1"), metrics.number("macro_f1"), 1e-12);

        Path predictions = folder.resolve("predictions.jsonl");
        Run predict = Run.of(
                "",
                "predict",
                "pair-classification",
                "--model",
                output.toString(),
                "--model",
                output.toString(),
                "--input",
                data.toString(),
                "--output",
                predictions.toString(),
                "--logits");
        assertEquals("3 predictions in " + predictions + "\n", predict.out(), predict.err());
        Json.Obj first = lines(Files.readString(predictions)).getFirst();
        assertEquals("a", first.string("id"));

        Run forward =
                Run.of("{\"text\": \"the sun\", \"pair\": \"is warm\"}\n", "forward", "--model", output.toString());
        assertEquals(first.array("logits"), lines(forward.out()).getFirst().array("logits"));
    }

    @Test
    void writesColumnsForPeople() {
        Run run = train("--num-train-epochs", "1");
        List<String> lines = run.out().lines().toList();
        assertEquals("3 rows, 21 tokens an epoch; 1 steps", lines.getFirst().substring(0, 35));
        assertEquals("epoch  train loss  dev loss  accuracy  macro F1    rows/s  tokens/s", lines.get(1));
        assertEquals("label  precision  recall     F1     rows", lines.get(4));
        assertEquals("the model is in " + output, lines.getLast());
    }

    @Test
    void leavesAReportThatTakesTextAsText() throws IOException {
        Files.writeString(
                data, ROWS.replace("the sea", "the <script>sea</script> & sun").replace("a,", "<i>,"));
        assertEquals(0, train("--num-train-epochs", "2").code());
        String report = Files.readString(output.resolve("report.html"));
        assertTrue(report.startsWith("<!DOCTYPE html>"), report);
        assertTrue(report.contains("the &lt;script&gt;sea&lt;/script&gt;"), report);
        assertTrue(!report.contains("<script"), report);
        for (String section : List.of("Curves", "Confusion matrix", "Hardest examples", "Settings", "Environment"))
            assertTrue(report.contains(">" + section), section);
    }

    @Test
    void reportsToTensorBoardWhereAsked() throws IOException {
        assertEquals(
                0,
                train("--num-train-epochs", "1", "--report-to", "tensorboard").code());
        Path logs = folder.resolve("logs");
        assertEquals(
                0,
                train("--num-train-epochs", "1", "--logging-dir", logs.toString())
                        .code());
        for (Path events : List.of(folder.resolve("output-run/events"), logs)) {
            try (Stream<Path> files = Files.list(events)) {
                Path file = files.toList().getFirst();
                assertTrue(file.getFileName().toString().startsWith("events.out.tfevents."), file.toString());
                assertTrue(Files.readString(file, StandardCharsets.ISO_8859_1).contains("eval/macro_f1"));
            }
        }
        Run both = train("--report-to", "none", "--logging-dir", logs.toString());
        assertEquals("merapi: --logging-dir: expected no --report-to none beside it; leave one out\n", both.err());
    }

    @Test
    void writesPredictionsAsCsv() throws IOException {
        train("--num-train-epochs", "1");
        Path predictions = folder.resolve("predictions.csv");
        Run.of(
                "",
                "predict",
                "pair-classification",
                "--model",
                output.toString(),
                "--input",
                data.toString(),
                "--output",
                predictions.toString());
        List<String> lines = Files.readAllLines(predictions);
        assertEquals("id,label,probability_no,probability_yes", lines.getFirst());
        assertEquals(4, lines.size());
    }

    @Test
    void maxStepsEndsTheRunInsideAnEpoch() {
        Run run = train("--max-steps", "1", "--per-device-train-batch-size", "1", "--json", "--logging-steps", "1");
        assertEquals(
                List.of("start", "step", "end"),
                lines(run.out()).stream().map(line -> line.string("event")).toList());
    }

    @Test
    void trainsInLowPrecisionAndWithLayersComputedTwice() throws IOException {
        for (String precision : List.of("bf16", "fp16", "tf32")) {
            Run run = train("--num-train-epochs", "1", "--" + precision, "--gradient-checkpointing", "--json");
            assertEquals("", run.err());
            Json.Obj end = lines(run.out()).getLast();
            assertEquals("end", end.string("event"));
            Json.Obj settings = Json.read(output.resolve("settings.json"));
            assertEquals(precision.equals("bf16"), settings.bool("bf16"));
            assertEquals(precision.equals("fp16"), settings.bool("fp16"));
            assertEquals(precision.equals("tf32"), settings.bool("tf32"));
        }
        Run both = train("--bf16", "--fp16");
        assertEquals("merapi: --bf16 and --fp16: expected one of them; leave the others out\n", both.err());
        assertEquals(2, both.code());
    }

    @Test
    void inspectDescribesTheModel() {
        Run run = Run.of("", "inspect", model.toString());
        List<String> lines = run.out().lines().toList();
        assertEquals("bert: 2 layers, 18 channels, 2 heads, 23 in between, 59 tokens, 43 positions", lines.get(1));
        assertEquals("all weights match", lines.getLast());
    }

    private Run train(String... more) {
        String[] args = {
            "train",
            "pair-classification",
            "--model",
            model.toString(),
            "--train",
            data.toString(),
            "--dev",
            data.toString(),
            "--output-dir",
            output.toString(),
            "--threads",
            "1"
        };
        String[] all = java.util.Arrays.copyOf(args, args.length + more.length);
        System.arraycopy(more, 0, all, args.length, more.length);
        return Run.of("", all);
    }

    private static List<Json.Obj> lines(String text) {
        return text.lines()
                .map(line -> Json.parse("line", line.getBytes(StandardCharsets.UTF_8)))
                .toList();
    }
}
