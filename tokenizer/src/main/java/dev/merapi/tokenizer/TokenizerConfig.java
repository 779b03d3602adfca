package dev.merapi.tokenizer;

import dev.merapi.tokenizer.json.JsonWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What stands beside a vocabulary: `tokenizer_config.json`, and where that lists no added tokens, the older
/// `special_tokens_map.json` and `added_tokens.json`.
///
/// @param tokenizerClass null where not said
/// @param stripAccents null: as `lowercase`
/// @param modelMaxLength most tokens that the model takes, [EncodeOptions#UNLIMITED] if none or absurdly many
///     are named
/// @param special the special tokens named by their parts
/// @param extra further special tokens
/// @param added added tokens by the ids that they are said to have
/// @param cleanUpSpaces whether decoding takes back spaces in the whole text
/// @param splitSpecial whether special tokens in a text are ordinary text
record TokenizerConfig(
        String tokenizerClass,
        boolean lowercase,
        boolean spaceIdeographs,
        Boolean stripAccents,
        int modelMaxLength,
        Map<SpecialToken, AddedToken> special,
        List<AddedToken> extra,
        TreeMap<Integer, AddedToken> added,
        Lengths lengths,
        boolean cleanUpSpaces,
        boolean splitSpecial) {

    static final String FILE = "tokenizer_config.json";
    static final String SPECIAL_TOKENS_FILE = "special_tokens_map.json";
    static final String ADDED_TOKENS_FILE = "added_tokens.json";

    /// Reads the files that there are.
    static TokenizerConfig read(TokenizerFiles files) {
        JsonObject config = files.has(FILE) ? JsonObject.read(FILE, files.bytes(FILE)) : new JsonObject(FILE, Map.of());
        Map<SpecialToken, AddedToken> special = new EnumMap<>(SpecialToken.class);
        List<AddedToken> extra = new ArrayList<>();
        TreeMap<Integer, AddedToken> added = new TreeMap<>();
        readSpecial(config, special, extra);
        if (config.has("added_tokens_decoder")) {
            JsonObject byId = config.object("added_tokens_decoder");
            for (String id : byId.members().keySet()) {
                added.put(parseId(byId, id), TokenizerJson.addedToken(byId.object(id), false));
            }
        } else {
            if (files.has(SPECIAL_TOKENS_FILE)) {
                readSpecial(JsonObject.read(SPECIAL_TOKENS_FILE, files.bytes(SPECIAL_TOKENS_FILE)), special, extra);
            }
            if (files.has(ADDED_TOKENS_FILE)) {
                JsonObject ids = JsonObject.read(ADDED_TOKENS_FILE, files.bytes(ADDED_TOKENS_FILE));
                for (String token : ids.members().keySet()) {
                    boolean isSpecial = contains(special.values(), token) || contains(extra, token);
                    added.put(ids.integer(token), new AddedToken(token, false, false, false, !isSpecial, isSpecial));
                }
            }
        }
        for (Map.Entry<SpecialToken, AddedToken> part : special.entrySet()) {
            for (AddedToken token : added.values()) {
                if (same(part.getValue(), token)) {
                    part.setValue(token);
                }
            }
        }
        return new TokenizerConfig(
                config.string("tokenizer_class", null),
                config.bool("do_lower_case", true),
                config.bool("tokenize_chinese_chars", true),
                config.has("strip_accents") ? (Boolean) config.bool("strip_accents") : null,
                maxLength(config),
                special,
                extra,
                added,
                Lengths.ofSettings(config),
                config.bool("clean_up_tokenization_spaces", false),
                config.bool("split_special_tokens", false));
    }

    /// A `tokenizer_config.json` that names the class and the special tokens.
    static byte[] describe(String tokenizerClass, Map<SpecialToken, AddedToken> special) {
        JsonWriter json = new JsonWriter().open('{').name("tokenizer_class").string(tokenizerClass);
        for (SpecialToken part : SpecialToken.values()) {
            if (special.containsKey(part)) {
                json.name(part.key()).string(special.get(part).content());
            }
        }
        return json.close('}').toBytes();
    }

    /// The name of a class of transformers without the ending that says that its tokenizer is the Rust one.
    static String withoutFast(String tokenizerClass) {
        return tokenizerClass.endsWith("Fast")
                ? tokenizerClass.substring(0, tokenizerClass.length() - "Fast".length())
                : tokenizerClass;
    }

    private static boolean contains(Collection<AddedToken> tokens, String content) {
        for (AddedToken token : tokens) {
            if (token.content().equals(content)) {
                return true;
            }
        }
        return false;
    }

    private static boolean same(AddedToken a, AddedToken b) {
        return a.content().equals(b.content());
    }

    private static void readSpecial(JsonObject json, Map<SpecialToken, AddedToken> special, List<AddedToken> extra) {
        for (SpecialToken part : SpecialToken.values()) {
            if (json.has(part.key())) {
                special.put(part, token(json, part.key(), json.get(part.key())));
            }
        }
        for (String name : List.of("extra_special_tokens", "additional_special_tokens")) {
            if (json.get(name) instanceof List<?> tokens && !tokens.isEmpty()) {
                for (Object value : tokens) {
                    AddedToken token = token(json, name, value);
                    extra.removeIf(known -> same(known, token));
                    extra.add(token);
                }
                return;
            }
        }
    }

    /// A special token, named by its content or described in full.
    private static AddedToken token(JsonObject json, String name, Object value) {
        if (value instanceof String content) {
            return AddedToken.special(content);
        }
        if (!(value instanceof JsonObject object)) {
            throw json.wrong(name, "a token", value);
        }
        AddedToken token = TokenizerJson.addedToken(object, true);
        return new AddedToken(
                token.content(), token.singleWord(), token.lstrip(), token.rstrip(), token.normalized(), true);
    }

    private static int parseId(JsonObject json, String id) {
        try {
            return Integer.parseInt(id);
        } catch (NumberFormatException e) {
            throw json.wrong("the name of a token", "its id", id);
        }
    }

    private static int maxLength(JsonObject config) {
        Object value = config.has("model_max_length") ? config.get("model_max_length") : config.get("max_len");
        if (value == null) {
            return EncodeOptions.UNLIMITED;
        }
        if (!(value instanceof Number number) || !(number.doubleValue() > 0)) {
            throw config.wrong("model_max_length", "a positive number", value);
        }
        return (int) Math.min(number.doubleValue(), EncodeOptions.UNLIMITED);
    }
}
