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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every family of encoders learns a task by heart from the command line, beginning with random weights
/// (`src/reference/fixture_families.py` makes the folders).
class FamiliesTest {
    private static final Path FAMILIES =
            Path.of(System.getProperty("basedir", "."), "src/test/resources/dev/merapi/cli/families");

    @TempDir
    Path folder;

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private static Run run(String... args) {
        return Run.of("", args);
    }

    /// Evaluates on what was learned.
    private Json.Obj learn(String family, String task, String data, int epochs, String rate, String... more) {
        String output = folder.resolve("output").toString();
        List<String> args = new ArrayList<>(List.of("train", task, "--train", data, "--dev", data));
        args.addAll(List.of("--model", FAMILIES.resolve(family).toString(), "--from-config"));
        args.addAll(List.of("--output-dir", output, "--num-train-epochs", Integer.toString(epochs)));
        args.addAll(List.of("--per-device-train-batch-size", "4", "--learning-rate", rate, "--dropout", "0"));
        args.addAll(List.of("--lr-scheduler-type", "linear", "--seed", "3", "--max-length", "60"));
        args.addAll(List.of(more));
        Run trained = run(args.toArray(String[]::new));
        assertEquals(0, trained.code(), trained.err());
        List<String> evaluate = new ArrayList<>(List.of("evaluate", task, "--model", output, "--data", data, "--json"));
        Run evaluated = run(evaluate.toArray(String[]::new));
        assertEquals(0, evaluated.code(), evaluated.err());
        return Json.parse("out", evaluated.out().getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void robertaFindsPartsByTheOffsetsOfBytes() throws IOException {
        // leading spaces, accents, characters of two UTF-16 units, and selections that begin after a space
        String data = file("tweets.csv", """
            textID,text,selected_text,sentiment
            a," sooo SAD i will miss you here :(",sooo SAD,negative
            b,"my café is  really, really good 😀 today!","good 😀",positive
            c,"a good room, warm staff and a naïve view of the sea"," naïve view",negative
            d,the sun is warm and the sea is cold,cold,negative
            e,the sun is warm and the sea is cold,the sun is warm,positive
            """);
        Json.Obj metrics = learn("roberta", "span-extraction", data, 80, "1e-2", "--distance-scale", "0.5");
        assertEquals(5, metrics.integer("rows"));
        assertEquals(1.0, metrics.number("exact_match"), metrics.toString());
        assertEquals(1.0, metrics.number("jaccard"), metrics.toString());
    }

    @Test
    void distilbertOrdersReviews() throws IOException {
        String data = file("reviews.csv", """
            Review,Rating
            the room was dirty and loud,1
            never again loud and cold,2
            neutral,3
            a good room,4
            really good and warm staff,5
            """);
        Json.Obj corn = learn("distilbert", "ordinal", data, 150, "5e-3", "--method", "corn", "--optim", "adam");
        assertEquals(0, corn.number("mae"), corn.toString());
        assertEquals(1.2, corn.number("baseline_mae"), 1e-12);
        Json.Obj coral = learn("distilbert", "ordinal", data, 150, "5e-3", "--method", "coral", "--optim", "adam");
        assertTrue(coral.number("mae") <= 0.6, coral.toString()); // one direction for all thresholds takes longer
    }

    @Test
    void debertaGivesSeveralLabels() throws IOException {
        String data = file("emotions.csv", """
            comment_text,joy,fear
            the sun is warm,1,0
            the sea is cold,0,1
            really good and really loud,1,1
            neutral,0,0
            """);
        Json.Obj metrics = learn(
                "deberta-v3",
                "multilabel",
                data,
                80,
                "1e-2",
                "--labels",
                "joy,fear",
                "--pos-weight",
                "auto",
                "--no-decay-biases-and-norms",
                "--text-column",
                "comment_text");
        assertEquals(1.0, metrics.number("macro_f1"), metrics.toString());
        assertEquals(
                2,
                Json.read(folder.resolve("output/settings.json"))
                        .array("pos_weight")
                        .size());
    }

    @Test
    void weightsAreNewOnlyWhereThatIsAskedFor() throws IOException {
        String data = file("pairs.csv", "text,label\nthe sun,warm\nthe sea,cold\n");
        String model = FAMILIES.resolve("roberta").toString();
        String output = folder.resolve("output").toString();
        String[] args = {"train", "pair-classification", "--train", data, "--dev", data, "--output-dir", output};
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--model", model, "--max-steps", "1"));
        Run refused = run(all.toArray(String[]::new));
        assertEquals(1, refused.code());
        assertTrue(refused.err().contains("expected model.safetensors"), refused.err());
        all.add("--from-config");
        Run trained = run(all.toArray(String[]::new));
        assertEquals(0, trained.code(), trained.err());
        assertEquals(
                model + " (new weights)",
                Json.read(folder.resolve("output/settings.json")).string("start"));
        List<String> bundled = new ArrayList<>(List.of(args));
        bundled.add("--from-config");
        assertEquals(
                "merapi: --from-config: expected --model FOLDER beside it, with config.json and tokenizer\n",
                run(bundled.toArray(String[]::new)).err());
    }
}
