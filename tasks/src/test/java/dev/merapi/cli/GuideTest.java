package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tasks.Label;
import dev.merapi.tasks.MultilabelFolds;
import dev.merapi.tasks.OrdinalRegressor;
import dev.merapi.tasks.SpanExtractor;
import dev.merapi.tasks.TextClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// tasks/README.md says nothing that does not work.
class GuideTest {
    private static final Path MODULE = Path.of(System.getProperty("basedir", "."));

    @TempDir
    Path folder;

    private Path model;
    private Path output;

    @BeforeEach
    void makeModel() throws IOException {
        model = TinyModel.folder(folder.resolve("model"));
        output = folder.resolve("output");
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static String part(String source, String begin, String end) {
        int from = source.indexOf(begin) + begin.length();
        String part = source.substring(from, source.indexOf(end));
        return part.startsWith(" ") ? part.indent(-4) : part;
    }

    @Test
    void guideShowsTheJavaThatIsCompiledHere() throws IOException {
        String source = Files.readString(MODULE.resolve("src/test/java/dev/merapi/cli/GuideExamples.java"));
        String guide = Files.readString(MODULE.resolve("README.md"));
        String imports = part(source, "// guide imports begin\n", "// guide imports end");
        assertTrue(guide.contains("```java\n" + imports + "```\n"), "README.md must contain exactly\n" + imports);
        for (String task : List.of("pair-classification", "span-extraction", "ordinal", "multilabel")) {
            String java = part(source, "    // " + task + " begins\n", "    // " + task + " ends");
            assertTrue(guide.contains("```java\n" + java + "```\n"), "README.md must contain exactly\n" + java);
        }
    }

    @Test
    void everyCommandOfTheGuidesIsUnderstood() throws IOException {
        CommandLine line = Merapi.commandLine(new Console(null, null, null, false, Map.of()), null);
        int commands = 0;
        for (String guide : List.of("README.md", "../README.md")) {
            String text = Files.readString(MODULE.resolve(guide)).replace("\\\n", " ");
            for (String command :
                    text.lines().filter(l -> l.startsWith("    ./merapi ")).toList()) {
                line.parseArgs(command.strip().replaceFirst("./merapi +", "").split(" +"));
                commands++;
            }
        }
        assertTrue(commands >= 12, "found " + commands);
    }

    @Test
    void pairsAreClassified() throws IOException {
        Path data =
                file("pairs.csv", "text,pair,label\nthe sun,is warm,yes\nthe sun,is cold,no\nthe sea,is cold,yes\n");
        List<Label> labels = GuideExamples.pairClassification(model, data, data, output);
        assertEquals(
                List.of("no", "yes"), labels.stream().map(Label::name).sorted().toList());
        assertEquals(labels, TextClassifier.fromPretrained(output).classify("a claim", "its evidence"));
    }

    @Test
    void partsAreExtracted() throws IOException {
        Path data = file(
                "tweets.csv",
                "textID,text,selected_text,sentiment\na,the sun is warm,warm,warm\nb,the sea is cold,cold,cold\n");
        String part = GuideExamples.spanExtraction(longer(), data, data, output);
        assertTrue("my boss is bullying me...".contains(part) && !part.isEmpty(), part);
        assertEquals(part, SpanExtractor.fromPretrained(output).extract("negative", "my boss is bullying me..."));
    }

    /// A model that reads as many tokens as span extraction asks for, with random weights.
    private Path longer() throws IOException {
        Json.Obj config = Json.read(model.resolve("config.json")).with("max_position_embeddings", 128);
        Path longer = folder.resolve("longer");
        SequenceClassifier.of(config, Checkpoint.newWeights("new"), LoadOptions.labels("a", "b"))
                .savePretrained(longer, Map.of("vocab.txt", Files.readAllBytes(model.resolve("vocab.txt"))));
        return longer;
    }

    @Test
    void reviewsAreOrdered() throws IOException {
        StringBuilder rows = new StringBuilder("Review,Rating\n");
        for (int i = 0; i < 10; i++)
            rows.append("the sun is warm,").append(1 + i % 5).append('\n');
        String label = GuideExamples.ordinal(model, file("reviews.csv", rows.toString()), output);
        assertTrue(List.of("1", "2", "3", "4", "5").contains(label), label);
        assertEquals(
                label, OrdinalRegressor.fromPretrained(output).label("The room was clean and the staff friendly."));
    }

    @Test
    void emotionsAreSubmitted() throws IOException {
        StringBuilder rows = new StringBuilder("id,text,anger,fear,joy\n");
        for (int i = 0; i < 10; i++)
            rows.append(i).append(",the sun is warm,").append(i % 2).append(",1,0\n");
        Path data = file("emotions.csv", rows.toString());
        MultilabelFolds.Result result = GuideExamples.multilabel(model, data, data, output);
        assertEquals(3, result.thresholds().length);
        List<String> submission = Files.readAllLines(output.resolve("submission.csv"));
        assertEquals("id,anger,fear,joy", submission.getFirst());
        assertEquals(11, submission.size());
    }
}
