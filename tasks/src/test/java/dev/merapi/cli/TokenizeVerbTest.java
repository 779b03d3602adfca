package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeVerbTest {
    @TempDir
    Path folder;

    private String model;

    @BeforeEach
    void makeModel() throws IOException {
        model = TinyModel.folder(folder.resolve("model")).toString();
    }

    @Test
    void writesOneJsonLineALineWithOffsetsInCodePoints() {
        Run run = Run.of("the sun\n{\"text\": \"😀 sea\"}\n", "tokenize", "--model", model);
        assertEquals("", run.err());
        assertEquals("""
                {"ids":[2,5,6,3],"type_ids":[0,0,0,0],"tokens":["[CLS]","the","sun","[SEP]"],"offsets":[[0,0],[0,3],[4,7],[0,0]],"special_tokens_mask":[1,0,0,1]}
                {"ids":[2,1,7,3],"type_ids":[0,0,0,0],"tokens":["[CLS]","[UNK]","sea","[SEP]"],"offsets":[[0,0],[0,1],[2,5],[0,0]],"special_tokens_mask":[1,0,0,1]}
                """, run.out());
        assertEquals(0, run.code());
    }

    @Test
    void truncatesAPairAndKeepsWhatWasCutAsWindows() {
        Run run = Run.of(
                "{\"text\": \"the sun\", \"pair\": \"is warm cold\"}\n",
                "tokenize",
                "--model",
                model,
                "--max-length",
                "7",
                "--truncation",
                "only_second",
                "--stride",
                "1",
                "--no-special-tokens");
        assertEquals(0, run.code(), run.err());
        assertEquals(
                "{\"ids\":[5,6,8,9,10],\"type_ids\":[0,0,1,1,1],\"tokens\":[\"the\",\"sun\",\"is\",\"warm\",\"cold\"],"
                        + "\"offsets\":[[0,3],[4,7],[0,2],[3,7],[8,12]],\"special_tokens_mask\":[0,0,0,0,0],\"overflowing\":[]}\n",
                run.out());
    }

    @Test
    void decodesIds() {
        Run run = Run.of("{\"ids\": [2, 5, 7, 3]}\n", "tokenize", "--model", model, "--decode", "--no-special-tokens");
        assertEquals("{\"text\":\"the sea\"}\n", run.out());
    }

    @Test
    void namesTheLineThatIsNoJson() {
        Run run = Run.of("the sun\n{\"text\": 5}\n", "tokenize", "--model", model);
        assertEquals("merapi: line 2: \"text\" must be a string, got 5\n", run.err());
        assertEquals(1, run.code());
    }

    @Test
    void refusesInputThatIsNotUtf8() {
        Run run = Run.of(new byte[] {'c', 'a', 'f', (byte) 0xE9, '\n'}, "tokenize", "--model", model);
        assertEquals(
                "merapi: standard input, after line 0: expected UTF-8, got other bytes; convert it with iconv -t UTF-8\n",
                run.err());
        assertEquals(1, run.code());
    }

    @Test
    void refusesAStrideWithoutALimit() {
        Run run = Run.of("", "tokenize", "--model", model, "--stride", "3");
        assertEquals(
                "merapi: --stride: expected --max-length beside it, got no limit that windows could come from\n",
                run.err());
        assertEquals(2, run.code());
    }
}
