package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.tasks.Label;
import dev.merapi.tasks.TextClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
    private static final Path MODULE = Path.of(System.getProperty("basedir", "."));

    @TempDir
    Path folder;

    @Test
    void readmeShowsTheExampleThatIsCompiledHere() throws IOException {
        String source = Files.readString(MODULE.resolve("src/test/java/dev/merapi/cli/ReadmeExample.java"));
        int begin = source.indexOf("// README example begins\n") + "// README example begins\n".length();
        String example = source.substring(begin, source.indexOf("// README example ends"));
        String readme = Files.readString(MODULE.resolve("../README.md"));
        assertTrue(readme.contains("```java\n" + example + "```\n"), "README.md must contain exactly\n" + example);
    }

    @Test
    void exampleFineTunesSavesAndClassifies() throws IOException {
        Path data = Files.writeString(
                folder.resolve("data.csv"),
                "text,anger,joy,surprise\nthe sun is warm,0,1,0\nthe sea is cold,1,0,1\nthe sun,0,1,1\ncold sea,1,0,0\n");
        Path output = folder.resolve("output");
        List<Label> labels = ReadmeExample.fineTune(TinyModel.folder(folder.resolve("model")), data, data, output);
        assertEquals(
                List.of("anger", "joy", "surprise"),
                labels.stream().map(Label::name).sorted().toList());
        List<Label> again = TextClassifier.fromPretrained(output).classify("We won!");
        assertEquals(labels, again);
    }

    @Test
    void readmeNamesTheCommandThatContinuousIntegrationRuns() throws IOException {
        String command = "mvn -B verify";
        assertTrue(Files.readString(MODULE.resolve("../README.md")).contains("    " + command + "\n"));
        assertTrue(Files.readAllLines(MODULE.resolve("../.ci/run")).contains(command));
    }
}
