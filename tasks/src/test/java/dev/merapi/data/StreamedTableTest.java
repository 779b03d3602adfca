package dev.merapi.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// Rows that are left in their file are those that are read into memory.
class StreamedTableTest {
    private static final TableOptions STREAMED = TableOptions.DEFAULT.streaming(true);

    @TempDir
    Path folder;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static void same(Path file) {
        Table memory = Table.read(file, TableOptions.DEFAULT);
        Table streamed = Table.read(file, STREAMED);
        assertEquals(memory.columns(), streamed.columns());
        assertEquals(memory.rows(), streamed.rows());
    }

    @Test
    void csvWithEveryKindOfQuoteAndLineEnd() throws IOException {
        same(file("quotes.csv", "\uFEFFa,b\r\n\"x\"\"\n,y\r\n\",2\r\n\r\n3,5\"6\"\n\n\"\",\"\"\"\"\n7,\"8\""));
        same(file("returns.csv", "a,b\r1,2\r\r3,\"4\r5\"\r"));
        same(file("one.csv", "a\n"));
        same(file("unicode.csv", "a,b\n\"é😀\n\",ß\n\u2028,\u0085\n"));
    }

    @Test
    void partsAreReadWhenSomebodyComesToThemAndEveryRowOnce() {
        List<Integer> reads = new ArrayList<>();
        Dataset data = new Dataset("rows", List.of(), new Streamed<>(25, row -> {
            reads.add(row);
            return Example.of("text " + row);
        }));
        reads.clear();
        List<Integer> sizes = new ArrayList<>();
        for (Dataset part : data.parts(10)) {
            sizes.add(part.size());
            assertEquals(10 * (sizes.size() - 1) + part.size(), reads.size(), "no later part is read yet");
            assertFalse(part.isStreamed(), "its rows are kept");
            part.examples().forEach(_ -> {});
        }
        assertEquals(List.of(10, 10, 5), sizes);
        assertEquals(IntStream.range(0, 25).boxed().toList(), reads, "each once, in order");
    }

    @Test
    void randomCsv() throws IOException {
        Random random = new Random(4);
        String[] pieces = {"a", "é", "😀", "\"\"", ",", "\n", "\r\n", "\r", " "};
        for (int run = 0; run < 300; run++) {
            StringBuilder text = new StringBuilder("x,y" + pieces[5 + random.nextInt(3)]);
            for (int row = 0; row < random.nextInt(6); row++) {
                for (int column = 0; column < 2; column++) {
                    boolean quoted = random.nextBoolean();
                    StringBuilder field = new StringBuilder();
                    for (int i = 0; i < random.nextInt(5); i++) field.append(pieces[random.nextInt(quoted ? 9 : 3)]);
                    text.append(quoted ? "\"" + field + "\"" : field).append(column == 0 ? "," : "");
                }
                text.append(pieces[5 + random.nextInt(3)]);
            }
            same(file("random.csv", text.toString()));
        }
    }

    @Test
    void jsonLines() throws IOException {
        same(file(
                "rows.jsonl",
                "{\"text\": \"a\\n"
                        + "b\", \"n\": 1}\r\n\n"
                        + "  \n"
                        + "{\"more\": {\"x\": [1]}, \"text\": \"é\"}\n"
                        + "{\"text\": null}"));
    }

    @Test
    void packedFile() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write("\uFEFFtext,label\na,1\n\"b\nc\",2\n".getBytes(StandardCharsets.UTF_8));
        }
        same(Files.write(folder.resolve("packed.csv.gz"), packed.toByteArray()));
    }

    private static void refused(String message, Executable reading) {
        assertEquals(message, assertThrows(DataException.class, reading).getMessage());
    }

    @Test
    void errorsNameTheLineOfTheFile() throws IOException {
        Path csv = file("pairs.csv", "text,label\r\n\"a\r\n\r\nb\",yes\r\nc,perhaps\r\n");
        refused(
                csv + " line 5: label is \"perhaps\", expected one of [no, yes]; correct it",
                () -> LabelledPairs.read(csv, List.of("no", "yes"), STREAMED));
        Path longer = file("longer.csv", "text,label\na,b\nc,d,e\n");
        refused(
                longer + " line 3: expected 2 fields as in the header, got 3; quote fields that hold commas",
                () -> LabelledPairs.read(longer, STREAMED));
        Path open = file("open.csv", "text,label\na,b\n\"c,d\n");
        String message = assertThrows(DataException.class, () -> LabelledPairs.read(open, STREAMED))
                .getMessage();
        assertTrue(message.startsWith(open + " is not CSV from line 3 on, "), message);
        Path latin = Files.write(
                folder.resolve("latin.csv"),
                "text,label\na,b\n\"x\ncaf\u00e9\",d\n".getBytes(StandardCharsets.ISO_8859_1));
        refused(
                latin + " line 4: the byte 0xE9 is not UTF-8 text; save the file as UTF-8",
                () -> LabelledPairs.read(latin, STREAMED));
        refused(
                latin + " line 4: the byte 0xE9 is not UTF-8 text; save the file as UTF-8",
                () -> LabelledPairs.read(latin));
        Path json = file("rows.jsonl", "{\"text\": \"a\", \"label\": 1}\n{\"text\": }\n");
        message = assertThrows(DataException.class, () -> LabelledPairs.read(json, STREAMED))
                .getMessage();
        assertTrue(message.startsWith(json + " line 2, column 10: not JSON"), message);
        Path parquet = Files.write(folder.resolve("rows.parquet"), "PAR1\u0000\u0001".getBytes(StandardCharsets.UTF_8));
        for (TableOptions options : List.of(STREAMED, TableOptions.DEFAULT)) {
            String damaged = assertThrows(DataException.class, () -> LabelledPairs.read(parquet, options))
                    .getMessage();
            assertTrue(damaged.startsWith(parquet + " is Parquet, but damaged, "), damaged);
        }
    }

    @Test
    void aFileThatChangesIsNoticed() throws IOException {
        Path csv = file("rows.csv", "text,label\na,x\nb,y\n");
        Dataset data = LabelledPairs.read(csv, STREAMED);
        file("rows.csv", "text,label\nab,x\nb,y\n");
        refused(
                csv + " was changed while it was read; start anew",
                () -> data.examples().get(1));
    }

    @Test
    void noRowIsKeptAndBatchesAreTheSame() throws IOException {
        StringBuilder rows = new StringBuilder("text,pair,label\n");
        for (int i = 0; i < 50; i++)
            rows.append("the sun ".repeat(i % 7)).append(",sea ").append(i).append(",l\n");
        Path csv = file("rows.csv", rows.toString());
        Path vocabulary = folder.resolve("vocab.txt");
        Files.write(vocabulary, List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "sun", "sea"));
        Tokenizer tokenizer = Tokenizer.fromPretrained(folder);
        Dataset streamed = LabelledPairs.read(csv, STREAMED).rows("half", new int[] {4, 2, 40, 13, 7});
        assertTrue(streamed.isStreamed());
        assertNotSame(streamed.examples().get(0), streamed.examples().get(0));
        Dataset memory = LabelledPairs.read(csv).rows("half", new int[] {4, 2, 40, 13, 7});
        assertEquals(memory.examples(), streamed.examples());
        Encoded one = Encoded.of(memory.examples(), tokenizer, 12, UnaryOperator.identity());
        Encoded other = Encoded.of(streamed.examples(), tokenizer, 12, UnaryOperator.identity());
        assertArrayEquals(one.lengths(), other.lengths());
        PackedBatch batch = other.batch(new int[] {3, 0});
        assertArrayEquals(
                one.batch(new int[] {3, 0}).tokens().ids(), batch.tokens().ids());
        assertArrayEquals(one.batch(new int[] {3, 0}).labels(), batch.labels());
    }
}
