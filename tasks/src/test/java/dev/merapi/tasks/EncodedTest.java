package dev.merapi.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.DataException;
import dev.merapi.data.Encoded;
import dev.merapi.data.Example;
import dev.merapi.data.PackedBatch;
import dev.merapi.data.Target;
import dev.merapi.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodedTest {
    @TempDir
    Path folder;

    private Tokenizer tokenizer;

    @BeforeEach
    void loadTokenizer() throws IOException {
        tokenizer = Tokenizer.fromPretrained(Colours.encoder(folder));
    }

    private Encoded encode(int maxLength, Example... examples) {
        return Encoded.of(List.of(examples), tokenizer, maxLength, UnaryOperator.identity());
    }

    @Test
    void rowsLieSideBySideWithoutPadding() {
        Encoded data = encode(
                24,
                new Example("1", "blue", "red car", new Target.OneOf(2)),
                new Example("2", "the", null, new Target.OneOf(0)),
                new Example("3", "a", null, new Target.OneOf(1)));
        assertArrayEquals(new int[] {6, 3, 3}, data.lengths());
        assertEquals(12, data.tokens());
        PackedBatch batch = data.batch(new int[] {1, 0});
        assertArrayEquals(
                new int[] {2, 11, 3, 2, 5, 3, 8, 15, 3}, batch.tokens().ids());
        assertArrayEquals(new int[] {0, 0, 0, 0, 0, 0, 1, 1, 1}, batch.tokens().typeIds());
        assertArrayEquals(new int[] {0, 3, 9}, batch.tokens().starts());
        assertArrayEquals(new int[] {0, 2}, batch.labels());
        assertArrayEquals(new float[0], batch.targets());
        assertArrayEquals(new int[] {1, 0}, batch.rows());
    }

    @Test
    void severalLabelsAreZerosAndOnes() {
        Encoded data = encode(
                24,
                new Example("1", "a", null, new Target.AnyOf(List.of(true, false))),
                new Example("2", "a", null, new Target.AnyOf(List.of(true, true))));
        PackedBatch batch = data.batch(new int[] {0, 1});
        assertArrayEquals(new float[] {1, 0, 1, 1}, batch.targets());
        assertArrayEquals(new int[0], batch.labels());
    }

    @Test
    void longRowsAreTruncated() {
        assertArrayEquals(
                new int[] {5, 4},
                encode(5, Example.of("a big red car", "was"), Example.of("a car"))
                        .lengths());
    }

    @Test
    void textThatIsNoUnicodeIsNamedByItsExample() {
        DataException e = assertThrows(
                DataException.class, () -> encode(5, new Example("row-7", "a\uD800", null, Target.UNKNOWN)));
        assertTrue(e.getMessage().startsWith("example row-7 cannot be tokenized: "), e.getMessage());
    }
}
