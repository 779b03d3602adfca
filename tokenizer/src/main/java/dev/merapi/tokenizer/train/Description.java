package dev.merapi.tokenizer.train;

import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.tokenizer.json.JsonWriter;
import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.function.Consumer;

/// A `tokenizer.json` around the model: each part as JSON text, `null` for none.
///
/// @param specialTokens have the ids from 0 on
record Description(
        List<String> specialTokens, String normalizer, String preTokenizer, String postProcessor, String decoder) {
    /// The tokenizer with this model.
    ///
    /// @param model writes the members of the object that describes it
    Tokenizer with(Consumer<JsonWriter> model) {
        JsonWriter json = new JsonWriter().open('{');
        json.name("version").string("1.0");
        json.name("truncation").value(null);
        json.name("padding").value(null);
        json.name("added_tokens").open('[');
        for (int id = 0; id < specialTokens.size(); id++) {
            String token = specialTokens.get(id);
            json.open('{').name("id").value(id).name("content").string(token);
            json.name("single_word").value(false);
            json.name("lstrip").value(token.equals("<mask>")); // as RoBERTa and XLM-R have it
            json.name("rstrip").value(false);
            json.name("normalized").value(false);
            json.name("special").value(true).close('}');
        }
        json.close(']');
        json.name("normalizer").value(normalizer);
        json.name("pre_tokenizer").value(preTokenizer);
        json.name("post_processor").value(postProcessor);
        json.name("decoder").value(decoder);
        json.name("model").open('{');
        model.accept(json);
        json.close('}').close('}');
        return Tokenizer.fromJson(new ByteArrayInputStream(json.toBytes()));
    }

    /// Frames for the tokens that open and close a text, if both are among the special tokens, else `without`.
    static String framed(List<String> specialTokens, String cls, String sep, String format, String without) {
        int first = specialTokens.indexOf(cls);
        int last = specialTokens.indexOf(sep);
        return first < 0 || last < 0 ? without : format.formatted(sep, last, cls, first);
    }

    /// The entries of a vocabulary, numbered from 0.
    static void writeVocabulary(JsonWriter json, List<String> tokens) {
        json.name("vocab").open('{');
        for (int id = 0; id < tokens.size(); id++) {
            json.name(tokens.get(id)).value(id);
        }
        json.close('}');
    }
}
