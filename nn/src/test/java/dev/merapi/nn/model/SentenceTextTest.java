package dev.merapi.nn.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.Device;
import dev.merapi.nn.pretrained.PretrainedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What folders of sentence-transformers say of their texts.
class SentenceTextTest {
    private static final String PROMPT = "{\"prompts\": {\"q\": \"query: \"}, \"default_prompt_name\": \"q\"}";

    @TempDir
    Path folder;

    private void write(String file, String content) throws IOException {
        Files.createDirectories(folder.resolve(file).getParent());
        Files.writeString(folder.resolve(file), content);
    }

    @Test
    void aFolderThatSaysNothingLeavesTextsAlone() throws IOException {
        assertEquals(SentenceText.PLAIN, SentenceText.of(folder));
        assertEquals(" A ", SentenceText.PLAIN.apply(" A "));
        write("config_sentence_transformers.json", "{\"prompts\": {\"q\": \"x\"}, \"default_prompt_name\": null}");
        assertEquals(SentenceText.PLAIN, SentenceText.of(folder), "a prompt that has to be asked for");
    }

    @Test
    void theTextIsPromptedStrippedAndLowered() throws IOException {
        write("modules.json", "[]");
        assertEquals("A\u00e9 b", SentenceText.of(folder).apply(" \n\u00a0A\u00e9 b\u0085\u2003"));
        write("config_sentence_transformers.json", PROMPT);
        assertEquals("query:  A", SentenceText.of(folder).apply(" A "));
        write("sentence_roberta_config.json", "{\"max_seq_length\": 7, \"do_lower_case\": true}");
        assertEquals(new SentenceText(true, "query: ", true, 7), SentenceText.of(folder));
        assertEquals("query: i\u0307", SentenceText.of(folder).apply("\u0130"));
        write("sentence_bert_config.json", "{\"max_seq_length\": 9}");
        assertEquals(new SentenceText(true, "query: ", false, 9), SentenceText.of(folder));
    }

    @Test
    void aPromptThatThePoolingWouldLeaveOutIsRefused() throws IOException {
        write("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true, \"include_prompt\": false}");
        assertEquals(SentenceText.PLAIN, SentenceText.of(folder), "no prompt, nothing to leave out");
        write("config_sentence_transformers.json", PROMPT);
        String message = assertThrows(PretrainedException.class, () -> SentenceText.of(folder))
                .getMessage();
        assertTrue(
                message.endsWith(": include_prompt is false beside the default prompt \"query: \", expected true; its"
                        + " vectors would be others"),
                message);
    }

    @Test
    void aSavedEncoderKeepsItsPromptAndItsLength() throws IOException {
        LoadOptions options = LoadOptions.pretrained().device(Device.scalar());
        Path golden = Path.of("src/test/resources/dev/merapi/nn/golden/models/bert-c9-l2");
        for (String file : new String[] {"config.json", "model.safetensors"})
            Files.copy(golden.resolve(file), folder.resolve(file));
        write("config_sentence_transformers.json", PROMPT);
        write("sentence_bert_config.json", "{\"max_seq_length\": 11, \"do_lower_case\": true}");
        SentenceEncoder.fromPretrained(folder, options).savePretrained(folder.resolve("saved"), Map.of());
        SentenceEncoder again = SentenceEncoder.fromPretrained(folder.resolve("saved"), options);
        assertEquals(new SentenceText(true, "query: ", true, 11), again.text());
        assertEquals(11, again.maxLength());
    }
}
