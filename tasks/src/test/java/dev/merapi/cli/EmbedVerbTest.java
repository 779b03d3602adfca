package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedVerbTest {
    private static final float[][] HIDDEN = {{1, -2}, {3, 4}, {5, -8}};

    @TempDir
    Path folder;

    @Test
    void poolsTheHiddenStatesOfAllTokens() {
        assertArrayEquals(new float[] {3, -2}, EmbedVerb.pool(EmbedVerb.Pooling.MEAN, HIDDEN));
        assertArrayEquals(new float[] {1, -2}, EmbedVerb.pool(EmbedVerb.Pooling.CLS, HIDDEN));
        assertArrayEquals(new float[] {5, 4}, EmbedVerb.pool(EmbedVerb.Pooling.MAX, HIDDEN));
    }

    @Test
    void scalesToLengthOne() {
        assertArrayEquals(new float[] {0.6f, -0.8f}, EmbedVerb.normalized(new float[] {3, -4}));
        assertArrayEquals(new float[] {0, 0}, EmbedVerb.normalized(new float[] {0, 0}));
    }

    @Test
    void embedsATextWithTheFolderOfAClassifier() throws IOException {
        String model = TinyModel.folder(folder.resolve("model")).toString();
        Run run = Run.of("the sun is warm\n", "embed", "--model", model, "--normalize");
        assertEquals("", run.err());
        float[] embedding = ForwardVerbTest.numbers(run.out(), "embedding");
        double squares = 0;
        for (float value : embedding) squares += value * value;
        assertEquals(18, embedding.length);
        assertEquals(1, squares, 1e-5);
    }
}
