package dev.merapi.nn.model;

import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// What happens to a text before the tokenizer sees it, and how much of it counts, as the folders of
/// sentence-transformers say it.
///
/// @param strip     whether white space around the text is dropped: in all folders of sentence-transformers
/// @param prompt    what goes before the text: the one of `prompts` that `default_prompt_name` names
/// @param lowerCase do_lower_case
/// @param maxLength max_seq_length, in tokens; [Integer#MAX_VALUE] where nothing is said
public record SentenceText(boolean strip, String prompt, boolean lowerCase, int maxLength) {
    /// Every text as it is.
    public static final SentenceText PLAIN = new SentenceText(false, "", false, Integer.MAX_VALUE);

    static final String LENGTHS = "sentence_bert_config.json";
    static final String PROMPTS = "config_sentence_transformers.json";

    /// The first of these that is there counts.
    private static final List<String> NAMES = List.of(
            LENGTHS,
            "sentence_roberta_config.json",
            "sentence_distilbert_config.json",
            "sentence_camembert_config.json",
            "sentence_albert_config.json",
            "sentence_xlm-roberta_config.json",
            "sentence_xlnet_config.json");

    /// Reads the folder; [#PLAIN] where it is none of sentence-transformers.
    ///
    /// @throws PretrainedException if its vectors would leave out the prompt's tokens
    static SentenceText of(Path folder) {
        Json.Obj lengths = NAMES.stream()
                .map(folder::resolve)
                .filter(Files::exists)
                .findFirst()
                .map(Json::read)
                .orElse(Json.Obj.empty(LENGTHS));
        String prompt = prompt(folder.resolve(PROMPTS));
        Path pooling = folder.resolve("1_Pooling/config.json");
        if (!prompt.isEmpty() && Files.exists(pooling) && !Json.read(pooling).bool("include_prompt", true))
            throw new PretrainedException(pooling + ": include_prompt is false beside the default prompt \"" + prompt
                    + "\", expected true; its vectors would be others");
        return new SentenceText(
                Files.exists(folder.resolve("modules.json")),
                prompt,
                lengths.bool("do_lower_case", false),
                lengths.integer("max_seq_length", Integer.MAX_VALUE));
    }

    private static String prompt(Path file) {
        if (!Files.exists(file)) return "";
        Json.Obj config = Json.read(file);
        String name = config.string("default_prompt_name", "");
        return name.isEmpty() ? "" : config.object("prompts").string(name);
    }

    /// What the tokenizer is to see.
    public String apply(String text) {
        String whole = prompt + text;
        if (strip) whole = stripped(whole);
        return lowerCase ? whole.toLowerCase(Locale.ROOT) : whole;
    }

    /// Without white space at its ends, no-break spaces among it, as Python has it.
    private static String stripped(String text) {
        int start = 0, end = text.length();
        while (start < end && isSpace(text.charAt(start))) start++;
        while (end > start && isSpace(text.charAt(end - 1))) end--;
        return text.substring(start, end);
    }

    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    /// The file that says it again.
    Json.Obj lengths() {
        Json.Obj lengths = Json.Obj.empty(LENGTHS);
        if (maxLength < Integer.MAX_VALUE) lengths = lengths.with("max_seq_length", maxLength);
        return lengths.with("do_lower_case", lowerCase);
    }

    /// Likewise.
    Json.Obj prompts() {
        Json.Obj prompts = Json.Obj.empty(PROMPTS);
        if (prompt.isEmpty()) return prompts.with("prompts", prompts);
        return prompts.with("prompts", prompts.with("default", prompt)).with("default_prompt_name", "default");
    }
}
