package dev.merapi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that pyarrow wrote (`src/reference/parquet_files.py`): 12 rows in groups of 5.
class ParquetTest {
    private static final Path FILES = Path.of("src/test/resources/dev/merapi/data/parquet");
    private static final TableOptions STREAMED = TableOptions.DEFAULT.streaming(true);

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "pages2"})
    void rowsAreWhatPyarrowWroteInMemoryAndStreamed(String packing) {
        for (TableOptions options : List.of(TableOptions.DEFAULT, STREAMED)) {
            Table table = Table.read(FILES.resolve(packing + ".parquet"), options);
            assertEquals(List.of("id", "text", "label", "stars", "joy", "fear", "weight", "tokens"), table.columns());
            assertEquals(12, table.rows().size());
            Table.Row row = table.rows().get(6); // of the second group
            assertEquals(
                    Map.of(
                            "id", "r6",
                            "text", "No. 6, \"quoted\"\nä 😀",
                            "label", "no",
                            "stars", "2",
                            "joy", "true",
                            "fear", "0",
                            "weight", "1.5"),
                    row.values());
            assertEquals(Set.of("tokens"), row.nested());
        }
    }

    @Test
    void tasksReadTheirColumns() {
        Path file = FILES.resolve("snappy.parquet");
        assertEquals(
                List.of("no", "yes"),
                LabelledPairs.read(file, TableOptions.DEFAULT).labels());
        Dataset emotions = MultilabelTable.read(file, List.of("joy", "fear"), TableOptions.DEFAULT);
        assertEquals(12, emotions.size());
        assertEquals("r11", emotions.examples().get(11).id());
    }

    @Test
    void missingAndNestedValuesAreNamedWithTheirRow() {
        Path file = FILES.resolve("none.parquet");
        Table table = Table.read(file, TableOptions.DEFAULT);
        Table.Row row = table.rows().get(7);
        assertEquals(
                file + " line 8: no value for weight, found [fear, id, joy, label, stars, text]; add it",
                assertThrows(DataException.class, () -> table.value(row, "weight"))
                        .getMessage());
        assertEquals(
                file + " line 8: tokens is a list or an object, expected a text, a number, true or false; flatten it",
                assertThrows(DataException.class, () -> table.value(row, "tokens"))
                        .getMessage());
    }

    @Test
    void otherPackingIsRefusedWithARemedy() {
        Path file = FILES.resolve("zstd.parquet");
        for (TableOptions options : List.of(TableOptions.DEFAULT, STREAMED))
            assertEquals(
                    file + " is Parquet packed by ZSTD, expected Snappy, gzip or nothing; write it again, in pandas"
                            + " with to_parquet(…, compression=\"snappy\")",
                    assertThrows(DataException.class, () -> Table.read(file, options))
                            .getMessage());
    }

    @Test
    void whatIsCutOffOrChangedIsAnErrorAndNeverAnythingElse() throws IOException {
        byte[] whole = Files.readAllBytes(FILES.resolve("pages2.parquet"));
        Random random = new Random(42);
        for (int round = 0; round < 60; round++) {
            byte[] damaged =
                    round % 2 == 0 ? Arrays.copyOf(whole, 4 + random.nextInt(whole.length - 4)) : whole.clone();
            if (round % 2 == 1)
                for (int k = 0; k < 4; k++)
                    damaged[4 + random.nextInt(damaged.length - 4)] = (byte) random.nextInt(256);
            Path file = Files.write(folder.resolve("damaged.parquet"), damaged);
            try {
                ByteArrayOutputStream lines = new ByteArrayOutputStream();
                Parquet.writeJsonLines(file, lines, Duration.ofMillis(200));
                assertTrue(lines.toString(StandardCharsets.UTF_8).lines().count() <= 12);
            } catch (DataException e) {
                assertTrue(e.getMessage().startsWith(file + " "), e.getMessage());
            }
        }
    }
}
