package dev.merapi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class TablesTest {
    private static final List<String> EMOTIONS = List.of("joy", "fear");

    @TempDir
    Path folder;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static void refused(String message, Executable reading) {
        DataException e = assertThrows(DataException.class, reading);
        assertEquals(message, e.getMessage());
    }

    @Test
    void pairsAreReadFromCsv() throws IOException {
        Path csv = file("pairs.csv", "\uFEFFlabel,text,pair\r\nyes,\"a, \"\"b\"\"\nc\",d\r\n\r\nno,e,\r\n");
        Dataset data = LabelledPairs.read(csv);
        assertEquals(List.of("no", "yes"), data.labels());
        assertEquals(
                List.of(
                        new Example("1", "a, \"b\"\nc", "d", new Target.OneOf(1)),
                        new Example("2", "e", "", new Target.OneOf(0))),
                data.examples());
    }

    @Test
    void pairsAreReadFromJsonLines() throws IOException {
        Path jsonl = file("pairs.jsonl", """
            {"id": "x", "text": "a", "pair": "b", "label": 10}

            {"text": "c", "pair": "d", "label": 9}
            """);
        Dataset data = LabelledPairs.read(jsonl);
        assertEquals(List.of("9", "10"), data.labels()); // as numbers
        assertEquals(
                List.of(
                        new Example("x", "a", "b", new Target.OneOf(1)),
                        new Example("2", "c", "d", new Target.OneOf(0))),
                data.examples());
    }

    @Test
    void columnsMayDifferInCaseAndLabelsInWhiteSpace() throws IOException {
        Path csv = file("upper.csv", "ID,Text,PAIR,Label\nx,a,b, yes\ny,c,d,yes \nz,e,f,no\n");
        Dataset data = LabelledPairs.read(csv);
        assertEquals(List.of("no", "yes"), data.labels());
        assertEquals(
                List.of(
                        new Example("x", "a", "b", new Target.OneOf(1)),
                        new Example("y", "c", "d", new Target.OneOf(1)),
                        new Example("z", "e", "f", new Target.OneOf(0))),
                data.examples());
        Path both = file("both.csv", "Text,text,LABEL\nA,a,1\nB,b,2\n");
        assertEquals("a", OrdinalTable.read(both).examples().getFirst().text(), "the same name comes first");
        Path unclear = file("unclear.csv", "Text,TEXT,label\nA,a,1\n");
        refused(
                unclear + " has no column text, found [Text, TEXT, label]; rename or name one of these",
                () -> LabelledPairs.read(unclear));
    }

    @Test
    void aLabelIsNamedOnce() throws IOException {
        Path csv = file("twice.csv", "text,joy\na,1\n");
        refused(
                csv + ": the label joy is there twice, expected each once; got [joy, joy]",
                () -> MultilabelTable.read(csv, List.of("joy", "joy")));
    }

    @Test
    void pairsAreReadFromAJsonList() throws IOException {
        Path json = file("pairs.json", """
            [{"text": "a", "pair": "b", "label": "x", "more": [1, {"y": 2}]},
             {"label": "y", "text": "c", "pair": ""}]
            """);
        assertEquals(
                List.of(
                        new Example("1", "a", "b", new Target.OneOf(0)),
                        new Example("2", "c", "", new Target.OneOf(1))),
                LabelledPairs.read(json).examples());
        refused(
                json + " line 2: label is \"y\", expected one of [x]; correct it",
                () -> LabelledPairs.read(json, List.of("x")));
        refused(
                json + " is one JSON list, expected an object a line to leave rows in the file; write it as JSON lines",
                () -> LabelledPairs.read(json, TableOptions.DEFAULT.streaming(true)));
        Path lines = file("lines.json", "{\"text\": \"a\", \"label\": 1}\n");
        assertEquals(1, LabelledPairs.read(lines).size());
    }

    @Test
    void packedFilesAreReadByTheirContent() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write("\uFEFF{\"text\": \"a\", \"label\": 1}\n".getBytes(StandardCharsets.UTF_8));
        }
        Path file = Files.write(folder.resolve("pairs.jsonl.gz"), packed.toByteArray());
        assertEquals(
                List.of(new Example("1", "a", null, new Target.OneOf(0))),
                LabelledPairs.read(file).examples());
        byte[] cut = Arrays.copyOf(packed.toByteArray(), packed.size() - 10);
        Path damaged = Files.write(folder.resolve("cut.csv"), cut);
        refused(
                damaged + " is packed by gzip, but damaged, Unexpected end of ZLIB input stream; get it again",
                () -> LabelledPairs.read(damaged));
    }

    @Test
    void singleTextsWithoutLabelsAreThereToBePredicted() throws IOException {
        Dataset data = LabelledPairs.read(file("texts.csv", "text\na\n"), List.of("no", "yes"));
        assertEquals(List.of(new Example("1", "a", null, Target.UNKNOWN)), data.examples());
    }

    @Test
    void missingColumnListsThoseFound() throws IOException {
        Path csv = file("pairs.csv", "claim,pair,label\na,b,c\n");
        refused(
                csv + " has no column text, found [claim, pair, label]; rename or name one of these",
                () -> LabelledPairs.read(csv));
        refused(
                csv + " has none of the columns [text, comment_text, sentence, content, review], found [claim, pair,"
                        + " label]; rename or name one of these",
                () -> MultilabelTable.read(csv, EMOTIONS));
    }

    @Test
    void unknownLabelIsNamedWithItsLine() throws IOException {
        Path csv = file("pairs.csv", "text,pair,label\n\"a\n\nb\",c,yes\nd,e,perhaps\n");
        refused(
                csv + " line 5: label is \"perhaps\", expected one of [no, yes]; correct it",
                () -> LabelledPairs.read(csv, List.of("no", "yes")));
    }

    @Test
    void rowsAreAsLongAsTheHeader() throws IOException {
        Path csv = file("pairs.csv", "text,pair,label\na,b,c\nd,e, and more,f\n");
        refused(
                csv + " line 3: expected 3 fields as in the header, got 4; quote fields that hold commas",
                () -> LabelledPairs.read(csv));
    }

    @Test
    void brokenCsvIsNamed() throws IOException {
        Path csv = file("pairs.csv", "text,pair,label\n\"a,b,c\n");
        DataException e = assertThrows(DataException.class, () -> LabelledPairs.read(csv));
        assertTrue(e.getMessage().startsWith(csv + " is not CSV, "), e.getMessage());
        assertTrue(e.getMessage().contains("line 2"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void emptyFilesAreNamed() throws IOException {
        Path empty = file("empty.csv", "");
        refused(
                empty + " is empty, expected a header and rows; check that it is the right file",
                () -> LabelledPairs.read(empty));
        Path header = file("header.csv", "text,label\n");
        refused(
                header + ": no examples, expected at least one; check that it is the right file and not cut off",
                () -> LabelledPairs.read(header));
    }

    @Test
    void repeatedColumnIsRefused() throws IOException {
        Path csv = file("pairs.csv", "text,text,label\na,b,c\n");
        refused(csv + ": column text is there twice, expected unique names; rename one", () -> LabelledPairs.read(csv));
    }

    @Test
    void brokenJsonLineIsNamedWithItsLine() throws IOException {
        Path jsonl = file("pairs.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": [1], \"label\": \"x\"}\n");
        refused(
                jsonl + " line 2: text is a list or an object, expected a text, a number, true or false; flatten it",
                () -> LabelledPairs.read(jsonl));
        Path missing = file("missing.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n{\"label\": \"x\", \"id\": 3}\n");
        refused(missing + " line 2: no value for text, found [id, label]; add it", () -> LabelledPairs.read(missing));
    }

    @Test
    void severalLabelsAreReadByTheirColumns() throws IOException {
        Path csv = file("emotions.csv", "id,sentence,fear,anger,joy\nr-1,Boo!,1,1,0\nr-2,Hm.,0,1,0\n");
        Dataset data = MultilabelTable.read(csv, EMOTIONS);
        assertEquals(EMOTIONS, data.labels());
        assertEquals(
                List.of(
                        new Example("r-1", "Boo!", null, new Target.AnyOf(List.of(false, true))),
                        new Example("r-2", "Hm.", null, new Target.AnyOf(List.of(false, false)))),
                data.examples());
    }

    @Test
    void labelColumnsAreAllOrNone() throws IOException {
        Path some = file("some.csv", "text,joy\na,1\n");
        refused(
                some + " has no column fear, found [text, joy]; rename or name one of these",
                () -> MultilabelTable.read(some, EMOTIONS));
        Path none = file("none.csv", "text\na\n");
        assertEquals(
                List.of(new Example("1", "a", null, Target.UNKNOWN)),
                MultilabelTable.read(none, EMOTIONS).examples());
    }

    @Test
    void valueOtherThanZeroAndOneIsNamed() throws IOException {
        Path csv = file("emotions.csv", "text,joy,fear\na,1,0\nb,0.5,0\n");
        refused(
                csv + " line 3: joy is \"0.5\", expected 0 or 1; correct it",
                () -> MultilabelTable.read(csv, EMOTIONS));
    }

    @Test
    void bundledSampleIsRead() throws IOException {
        List<String> labels = List.of("anger", "fear", "joy", "sadness", "surprise");
        try (var train = TablesTest.class.getResourceAsStream("/dev/merapi/cli/demo/emotions-train.csv")) {
            Path copy = folder.resolve("train.csv");
            Files.copy(train, copy);
            Dataset data = MultilabelTable.read(copy, labels);
            assertEquals(654, data.size());
            long neutral = data.examples().stream()
                    .filter(example ->
                            !((Target.AnyOf) example.target()).labels().contains(true))
                    .count();
            assertEquals(94, neutral);
        }
    }
}
