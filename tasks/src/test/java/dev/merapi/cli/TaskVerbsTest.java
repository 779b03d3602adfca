package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.nn.pretrained.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The way of a small model through the verbs, for parts of texts and for ordered labels.
class TaskVerbsTest {
    @TempDir
    Path folder;

    private Path model;
    private String output;

    @BeforeEach
    void makeFiles() throws IOException {
        model = TinyModel.folder(folder.resolve("model"));
        output = folder.resolve("output").toString();
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private Run run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--device", "cpu"));
        return Run.of("", all.toArray(String[]::new));
    }

    private Run train(String task, String data, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "train",
                task,
                "--train",
                data,
                "--output-dir",
                output,
                "--model",
                model.toString(),
                "--num-train-epochs",
                "2",
                "--per-device-train-batch-size",
                "2",
                "--max-length",
                "16"));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    @Test
    void partsOfTexts() throws IOException {
        String data = file(
                "spans.csv",
                "textID,text,selected_text,sentiment\na, the sun is warm,sun is,warm\nb,the sea is cold,cold,cold\n");
        Run trained = train("span-extraction", data, "--dev", data, "--evals-per-epoch", "1", "--distance-scale", "1");
        assertEquals(0, trained.code(), trained.err());
        assertTrue(trained.out().contains("jaccard"), trained.out());
        Run evaluated = run("evaluate", "span-extraction", "--model", output, "--data", data, "--json");
        Json.Obj metrics = Json.parse("out", evaluated.out().getBytes(StandardCharsets.UTF_8));
        assertEquals(2, metrics.integer("rows"));
        assertEquals(Json.read(Path.of(output, "metrics.json")).number("jaccard"), metrics.number("jaccard"), 1e-12);
        String predictions = folder.resolve("submission.csv").toString();
        Run predicted = run(
                "predict",
                "span-extraction",
                "--model",
                output,
                "--model",
                output,
                "--input",
                data,
                "--output",
                predictions);
        assertEquals("2 predictions in " + predictions + "\n", predicted.out(), predicted.err());
        List<String> lines = Files.readAllLines(Path.of(predictions));
        assertEquals("textID,selected_text", lines.getFirst());
        assertTrue(lines.get(1).startsWith("a,") && lines.get(2).startsWith("b,"), lines::toString);
    }

    @Test
    void foldsOfParts() throws IOException {
        StringBuilder rows = new StringBuilder("textID,text,selected_text,sentiment\n");
        for (int i = 0; i < 8; i++)
            rows.append("t")
                    .append(i)
                    .append(",the sun is warm,warm,")
                    .append(i % 2 == 0 ? "warm" : "cold")
                    .append('\n');
        String data = file("spans.csv", rows.toString());
        Run trained = train("span-extraction", data, "--folds", "2", "--test", data, "--json");
        assertEquals(0, trained.code(), trained.err());
        assertEquals(9, Files.readAllLines(Path.of(output, "oof.csv")).size());
        assertEquals(
                "textID,selected_text",
                Files.readAllLines(Path.of(output, "submission.csv")).getFirst());
        assertTrue(Files.exists(Path.of(output, "fold-1", "model.safetensors")));
        Json.Obj metrics = Json.read(Path.of(output, "metrics.json"));
        double mean = metrics.object("mean").number("jaccard");
        assertEquals(metrics.number("jaccard"), mean, 1e-12, "folds of one size");
        assertTrue(trained.out().contains("\"event\":\"test\""), "the test file has its answers");
    }

    @Test
    void foldsOfOrderedLabels() throws IOException {
        StringBuilder rows = new StringBuilder("id,review,stars\n");
        for (int i = 0; i < 9; i++)
            rows.append("r%d,%s,%d\n".formatted(i, i % 2 == 0 ? "the sun is warm" : "the sea", 1 + i % 3));
        String data = file("stars.csv", rows.toString());
        String test = file("new.csv", "id,review\na,the sun\nb,the sea\n");
        Run trained = train("ordinal", data, "--folds", "3", "--test", test, "--method", "coral");
        assertEquals(0, trained.code(), trained.err());
        assertTrue(trained.out().contains("3 folds: "), trained.out());
        List<String> oof = Files.readAllLines(Path.of(output, "oof.csv"));
        assertEquals("id,fold,expected,label", oof.getFirst());
        assertEquals(10, oof.size());
        List<String> submission = Files.readAllLines(Path.of(output, "submission.csv"));
        assertEquals("id,label", submission.getFirst());
        assertEquals(
                List.of("a", "b"),
                submission.stream().skip(1).map(line -> line.split(",")[0]).toList());
        String predictions = folder.resolve("predictions.csv").toString();
        List<String> predict = new ArrayList<>(List.of("predict", "ordinal", "--input", test, "--output", predictions));
        for (int k = 0; k < 3; k++)
            predict.addAll(List.of("--model", Path.of(output, "fold-" + k).toString()));
        Run predicted = run(predict.toArray(String[]::new));
        assertEquals(0, predicted.code(), predicted.err());
        assertEquals(submission, Files.readAllLines(Path.of(predictions)));
    }

    @Test
    void predictionsOfManyPartsAreThoseOfEachRow() throws IOException {
        StringBuilder rows = new StringBuilder("id,text,selected_text,sentiment\n");
        for (int i = 0; i < 2500; i++)
            rows.append("r%d,the sun is %s,sun,warm\n".formatted(i, i % 3 == 0 ? "warm" : "cold"));
        String data = file("many.csv", rows.toString());
        String few = file("few.csv", rows.toString().lines().limit(5).collect(Collectors.joining("\n")));
        assertEquals(0, train("span-extraction", few, "--dev", few).code());
        String streamed = folder.resolve("streamed.csv").toString();
        String memory = folder.resolve("memory.jsonl").toString();
        List<String> predict = List.of("predict", "span-extraction", "--model", output, "--input", data, "--output");
        List<String> first = new ArrayList<>(predict);
        first.addAll(List.of(streamed, "--streaming"));
        Run run = run(first.toArray(String[]::new));
        assertEquals("2500 predictions in " + streamed + "\n", run.out(), run.err());
        List<String> second = new ArrayList<>(predict);
        second.add(memory);
        assertEquals(0, run(second.toArray(String[]::new)).code());
        List<String> lines = Files.readAllLines(Path.of(streamed));
        List<String> objects = Files.readAllLines(Path.of(memory));
        assertEquals(2501, lines.size(), "one header");
        assertEquals(2500, objects.size());
        for (int i = 0; i < 2500; i++) {
            Json.Obj object = Json.parse("line", objects.get(i).getBytes(StandardCharsets.UTF_8));
            assertEquals(lines.get(i + 1), object.string("textID") + "," + object.string("selected_text"));
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(
                    List.of(),
                    files.filter(file -> file.toString().endsWith(".tmp")).toList());
        }
    }

    @Test
    void aModelOfAnotherTaskIsRefused() throws IOException {
        String data = file("pairs.csv", "text,label,joy,fear\nthe sun,yes,0,1\nthe sea,no,1,0\n");
        assertEquals(0, train("pair-classification", data, "--dev", data).code());
        String predictions = folder.resolve("predictions.csv").toString();
        Run several = run("predict", "multilabel", "--model", output, "--input", data, "--output", predictions);
        assertEquals(
                "merapi: --model " + output + ": expected a model for multilabel, of problem_type"
                        + " multi_label_classification, got single_label_classification; use the task that it was"
                        + " trained for, or correct its config.json\n",
                several.err());
        Run ordered = run("predict", "ordinal", "--model", output, "--input", data, "--output", predictions);
        assertEquals(
                "merapi: ordinal: expected a model that was trained for it, got " + output
                        + ", trained for single_label_classification; use it for that task\n",
                ordered.err());
        output = folder.resolve("several").toString();
        assertEquals(
                0,
                train("multilabel", data, "--dev", data, "--labels", "joy,fear").code());
        Run one = run("predict", "pair-classification", "--model", output, "--input", data, "--output", predictions);
        assertEquals(2, one.code());
        assertTrue(one.err().contains("expected a model for pair-classification"), one.err());
    }

    @Test
    void aGridOfFoldsNamesTheBestAndGoesOn() throws IOException {
        StringBuilder rows = new StringBuilder("text,label\n");
        for (int i = 0; i < 8; i++) rows.append(i % 2 == 0 ? "the sun is warm,yes\n" : "the sea is cold,no\n");
        String data = file("pairs.csv", rows.toString());
        String grid = file("grid.json", "{\"learning-rate\": [0.001, 0.01]}");
        Run trained = train("pair-classification", data, "--folds", "2", "--grid", grid);
        assertEquals(0, trained.code(), trained.err());
        assertTrue(trained.out().contains("best by macro_f1: run-"), trained.out());
        assertEquals(3, Files.readAllLines(Path.of(output, "grid.csv")).size());
        Run again = train("pair-classification", data, "--folds", "2", "--grid", grid, "--resume-from-checkpoint");
        assertEquals(0, again.code(), again.err());
        assertEquals(1, again.out().lines().count(), again.out());
    }

    @Test
    void anEnsembleOfFoldsAnswersAsTheirSubmission() throws IOException {
        StringBuilder rows = new StringBuilder("id,content,joy,fear\n");
        String[] texts = {"the sun is warm,1,0", "the sea is cold,0,1", "the sun,1,1", "is,0,0"};
        for (int i = 0; i < 12; i++)
            rows.append('r').append(i).append(',').append(texts[i % 4]).append('\n');
        String data = file("emotions.csv", rows.toString());
        String test = file("test.csv", "id,content,joy,fear\na,the sea,,\nb,warm sun,,\n");
        String[] labels = {"--labels", "joy,fear"};
        Run trained = train("multilabel", data, "--folds", "2", "--test", test, labels[0], labels[1]);
        assertEquals(0, trained.code(), trained.err());
        assertTrue(trained.out().contains("out of fold: macro F1 "), trained.out());
        assertEquals(
                "id,fold,probability_joy,probability_fear",
                Files.readAllLines(Path.of(output, "oof.csv")).getFirst());
        List<String> ensemble = new ArrayList<>();
        for (int fold = 0; fold < 2; fold++)
            ensemble.addAll(List.of("--model", Path.of(output, "fold-" + fold).toString()));
        ensemble.addAll(
                List.of("--thresholds", Path.of(output, "thresholds.json").toString()));
        String predictions = folder.resolve("predictions.csv").toString();
        List<String> predict = new ArrayList<>(List.of("predict", "multilabel", "--input", test));
        predict.addAll(List.of("--output", predictions));
        predict.addAll(ensemble);
        Run predicted = run(predict.toArray(String[]::new));
        assertEquals(0, predicted.code(), predicted.err());
        assertEquals(
                Files.readAllLines(Path.of(output, "submission.csv")),
                Files.readAllLines(Path.of(predictions)).stream()
                        .map(line -> line.split(",")[0] + "," + line.split(",")[1] + "," + line.split(",")[2])
                        .toList());

        List<String> evaluate = new ArrayList<>(List.of("evaluate", "multilabel", "--data", data, "--json"));
        evaluate.addAll(ensemble);
        Run evaluated = run(evaluate.toArray(String[]::new));
        assertEquals(0, evaluated.code(), evaluated.err());
        assertEquals(
                12,
                Json.parse("out", evaluated.out().getBytes(StandardCharsets.UTF_8))
                        .integer("rows"));
        evaluate.addAll(List.of("--labels", "fear,joy"));
        assertEquals(
                "merapi: --labels: expected those of the model, [joy, fear], got [fear, joy]; leave the option out\n",
                run(evaluate.toArray(String[]::new)).err());
    }

    @Test
    void orderedLabelsAreSplitSevenOneTwo() throws IOException {
        StringBuilder rows = new StringBuilder("id,Review,Rating\n");
        for (int i = 0; i < 20; i++)
            rows.append(i).append(",the sun is warm,").append(1 + i % 4).append('\n');
        String data = file("reviews.csv", rows.toString());
        Run trained = train("ordinal", data, "--optim", "adam", "--lr-scheduler-type", "constant", "--json");
        assertEquals(0, trained.code(), trained.err());
        Json.Obj test =
                Json.parse("out", trained.out().lines().toList().getLast().getBytes(StandardCharsets.UTF_8));
        assertEquals("test", test.string("event"));
        assertEquals(4, test.integer("rows"));
        List<String> parts = Files.readAllLines(Path.of(output, "splits.csv")).stream()
                .skip(1)
                .map(line -> line.substring(line.indexOf(',') + 1))
                .toList();
        assertEquals(14, parts.stream().filter("train"::equals).count());
        assertEquals(2, parts.stream().filter("dev"::equals).count());
        assertEquals(4, parts.stream().filter("test"::equals).count());
        assertEquals("corn", Json.read(Path.of(output, "settings.json")).string("method"));
        String predictions = folder.resolve("labels.csv").toString();
        Run predicted =
                run("predict", "ordinal", "--model", output, "--input", data, "--output", predictions, "--logits");
        assertEquals(0, predicted.code(), predicted.err());
        assertEquals(
                "id,label,logit_> 1,logit_> 2,logit_> 3",
                Files.readAllLines(Path.of(predictions)).getFirst());
    }

    @Test
    void aRunThatTimeEndedGoesOn() throws IOException {
        String data = file("pairs.csv", "text,label\nthe sun,warm\nthe sea,cold\nthe sun is,warm\nsea,cold\n");
        assertEquals(
                0,
                train("pair-classification", data, "--dev", data, "--save-steps", "3")
                        .code());
        Run resumed = train(
                "pair-classification", data, "--dev", data, "--save-steps", "3", "--resume-from-checkpoint", "--json");
        assertEquals(0, resumed.code(), resumed.err());
        Json.Obj second =
                Json.parse("out", resumed.out().lines().toList().get(1).getBytes(StandardCharsets.UTF_8));
        assertEquals("resumed", second.string("event"));
        assertEquals(3, second.integer("step"));
    }

    @Test
    void withoutDevelopmentDataASplitIsAskedFor() throws IOException {
        String data = file("pairs.csv", "text,label\nthe sun,warm\nthe sea,cold\n");
        Run run = train("pair-classification", data);
        assertEquals(2, run.code());
        assertEquals(
                "merapi: --dev: expected a file of examples to evaluate on, or --split 0.9,0.1 to cut some off, got"
                        + " neither\n",
                run.err());
    }

    @Test
    void everyCombinationOfAGridIsARunAndARow() throws IOException {
        String data = file("pairs.csv", "text,label\nthe sun,warm\nthe sea,cold\nthe sun is,warm\nsea,cold\n");
        String grid = file(
                "grid.json", "{\"label-smoothing-factor\": [0, 0.1], \"class_weights\": [[1, 1], [2, 0.5], [1, 3]]}");
        Run first = train("pair-classification", data, "--dev", data, "--seed", "7", "--grid", grid);
        assertEquals(0, first.code(), first.err());
        List<String> rows = Files.readAllLines(Path.of(output, "grid.csv"));
        assertEquals(7, rows.size());
        assertTrue(rows.get(0).startsWith("run,class-weights,label-smoothing-factor,best_epoch,"), rows.get(0));
        assertTrue(rows.get(1).startsWith("run-0,\"1,1\",0,"), rows.get(1));
        assertTrue(rows.get(4).startsWith("run-3,\"2,0.5\",0.1,"), rows.get(4));
        Json.Obj settings = Json.read(Path.of(output, "run-3", "settings.json"));
        assertEquals(0.1, settings.number("label_smoothing_factor"));
        assertEquals(7, settings.integer("seed"));
        assertTrue(first.out().lines().toList().getLast().startsWith("best by macro_f1: run-"), first.out());

        Files.delete(Path.of(output, "run-4", "metrics.json"));
        Run again = train(
                "pair-classification", data, "--dev", data, "--seed", "7", "--grid", grid, "--resume-from-checkpoint");
        assertEquals(0, again.code(), again.err());
        assertEquals(
                List.of("run 5 of 6: {class-weights=1,3, label-smoothing-factor=0}"),
                again.out().lines().filter(line -> line.startsWith("run ")).toList());
        assertEquals(7, Files.readAllLines(Path.of(output, "grid.csv")).size());

        String wrong = file("wrong.json", "{\"speed\": [1]}");
        Run refused = train("pair-classification", data, "--dev", data, "--grid", wrong);
        assertEquals(2, refused.code());
        assertTrue(refused.err().contains("Unknown option: '--speed=1'"), refused.err());
        String flat = file("flat.json", "{\"seed\": 1}");
        assertTrue(train("pair-classification", data, "--dev", data, "--grid", flat)
                .err()
                .contains("expected a list of values, as [0, 0.1], or {\"uniform\": [low, high]} or"));
    }
}
