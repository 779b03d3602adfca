package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SavingTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"uncased", "accents", "added"})
    void theFilesAreWrittenByteForByte(String name) throws IOException {
        Path saved = folder.resolve("new/model");
        Fixtures.load(name).save(saved);
        Fixtures.load(name).save(saved); // over what is there
        List<String> files = names(Fixtures.folder(name));
        assertEquals(files, names(saved));
        for (String file : files) {
            assertArrayEquals(Fixtures.bytes(name + "/" + file), Files.readAllBytes(saved.resolve(file)), file);
        }
    }

    @Test
    void aTokenizerFromAStreamIsSavedWithItsSettings() throws IOException {
        byte[] json = Fixtures.bytes("added/tokenizer.json");
        Tokenizer tokenizer = Tokenizer.fromJson(new ByteArrayInputStream(json));
        tokenizer.save(folder);
        assertArrayEquals(json, Files.readAllBytes(folder.resolve("tokenizer.json")));
        assertEquals("""
                {
                  "tokenizer_class": "PreTrainedTokenizerFast",
                  "unk_token": "[UNK]",
                  "sep_token": "[SEP]",
                  "pad_token": "[PAD]",
                  "cls_token": "[CLS]",
                  "mask_token": "[MASK]"
                }
                """, Files.readString(folder.resolve("tokenizer_config.json")));
        String text = "a  Sea Level [MASK] <q>";
        assertArrayEquals(
                tokenizer.encode(text).ids(),
                Tokenizer.fromPretrained(folder).encode(text).ids());
    }

    @Test
    void aFolderThatCannotBeWrittenIsAnError() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        Tokenizer tokenizer = Fixtures.load("uncased");
        TokenizerException e = assertThrows(TokenizerException.class, () -> tokenizer.save(file));
        assertEquals(
                "save: cannot write to " + file + ", java.nio.file.FileAlreadyExistsException: " + file
                        + "; choose a folder that can be written and has room",
                e.getMessage());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
