package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Reads `tokenizer.json`, the format of Hugging Face's tokenizers, and builds the pipeline that it describes.
/// A component that is not known is an error that names it: a tokenizer with a piece left out would give wrong
/// ids.
final class TokenizerJson {
    private final JsonObject json;
    private final List<Normalizer> normalizers = new ArrayList<>();
    private final List<PreTokenizer> preTokenizers = new ArrayList<>();
    private final Model model;

    TokenizerJson(byte[] file) {
        json = JsonObject.read(
                TokenizerFiles.TOKENIZER,
                file,
                Map.of("model.vocab", VocabularyJson::readVocabulary, "model.merges", VocabularyJson::readMerges));
        String version = json.string("version", "1.0");
        if (!version.equals("1.0")) {
            throw json.wrong("version", "\"1.0\"", version);
        }
        JsonObject modelPart = json.object("model");
        if (json.has("normalizer")) {
            PartsJson.addNormalizer(json.object("normalizer"), normalizers);
        }
        if (json.has("pre_tokenizer")) {
            PartsJson.addPreTokenizer(json.object("pre_tokenizer"), preTokenizers);
        }
        model = readModel(modelPart);
    }

    /// What the file says about truncation and padding.
    Lengths lengths() {
        return Lengths.ofTokenizer(json);
    }

    /// The padding token that the file names, or null.
    String padToken() {
        return json.has("padding") ? json.object("padding").string("pad_token", null) : null;
    }

    Model model() {
        return model;
    }

    List<Normalizer> normalizers() {
        return List.copyOf(normalizers);
    }

    List<PreTokenizer> preTokenizers() {
        return List.copyOf(preTokenizers);
    }

    private Model readModel(JsonObject part) {
        return switch (part.string("type", guessType(part))) {
            case "WordPiece" ->
                new WordPiece(
                        vocabulary(part),
                        part.string("unk_token", "[UNK]"),
                        part.string("continuing_subword_prefix", "##"),
                        part.integer("max_input_chars_per_word", 100));
            case "BPE" -> readBytePairs(part);
            case "Unigram" -> {
                if (!(part.get("vocab") instanceof VocabularyJson.Scores pieces)) {
                    throw part.wrong("vocab", "a list of tokens with scores", part.get("vocab"));
                }
                yield new Unigram(
                        pieces.tokens(),
                        pieces.scores(),
                        part.integer("unk_id", -1),
                        part.bool("byte_fallback", false));
            }
            default -> throw PartsJson.unknown(part, "WordPiece, BPE, Unigram");
        };
    }

    /// Files of old versions do not say the type.
    private static String guessType(JsonObject part) {
        if (part.has("merges")) {
            return "BPE";
        }
        return part.has("max_input_chars_per_word")
                ? "WordPiece"
                : part.get("vocab") instanceof VocabularyJson.Scores ? "Unigram" : "of no type";
    }

    private static Vocabulary vocabulary(JsonObject part) {
        if (!(part.get("vocab") instanceof VocabularyJson.Ids vocabulary)) {
            throw part.wrong("vocab", "an object", part.get("vocab"));
        }
        return new Vocabulary(vocabulary.tokens(), vocabulary.ids()).requireDistinct(part.where());
    }

    private BytePairEncoding readBytePairs(JsonObject part) {
        if (part.get("dropout") instanceof Number dropout && dropout.doubleValue() != 0) {
            throw part.wrong("dropout", "null, for merges that are not left out at random", dropout);
        }
        if (!(part.get("merges") instanceof Texts merges)) {
            throw part.wrong("merges", "a list of merges", part.get("merges"));
        }
        Vocabulary vocabulary = vocabulary(part);
        BytePairEncoding.Options options = new BytePairEncoding.Options(
                part.string("unk_token", null),
                part.string("continuing_subword_prefix", ""),
                part.string("end_of_word_suffix", ""),
                part.bool("fuse_unk", false),
                part.bool("byte_fallback", false),
                part.bool("ignore_merges", false));
        boolean ofBytes = !preTokenizers.isEmpty()
                && preTokenizers.getLast() instanceof ByteLevel
                && BytePairEncoding.canReadBytes(vocabulary, options);
        if (ofBytes) {
            preTokenizers.add(((ByteLevel) preTokenizers.removeLast()).unwritten());
        }
        return new BytePairEncoding(vocabulary, merges, options, ofBytes);
    }

    /// The post-processor: one template at most, and how offsets are trimmed.
    Template template() {
        List<JsonObject> parts = new ArrayList<>();
        if (json.has("post_processor")) {
            flatten(json.object("post_processor"), parts);
        }
        Template template = null;
        SpaceTrim trim = null;
        for (JsonObject part : parts) {
            String type = part.string("type");
            boolean trims = type.equals("ByteLevel") || type.equals("RobertaProcessing");
            if (trims && part.bool("trim_offsets", true)) {
                if (trim != null) {
                    throw repeated(part, "trims offsets");
                }
                trim = new SpaceTrim(part.bool("add_prefix_space", true));
            }
            if (!type.equals("ByteLevel")) {
                if (template != null) {
                    throw repeated(part, "adds special tokens");
                }
                template = readTemplate(part, type);
            }
        }
        return (template == null ? Template.BARE : template).trimming(trim);
    }

    private static void flatten(JsonObject part, List<JsonObject> parts) {
        if (part.string("type").equals("Sequence")) {
            for (JsonObject inner : part.objects("processors")) {
                flatten(inner, parts);
            }
        } else {
            parts.add(part);
        }
    }

    private static TokenizerException repeated(JsonObject part, String what) {
        return new TokenizerException(part.where() + ": " + part.string("type") + " is a second one that " + what
                + ", expected one; leave one out");
    }

    private static Template readTemplate(JsonObject part, String type) {
        return switch (type) {
            case "TemplateProcessing" -> new Template(pieces(part, "single"), pieces(part, "pair"));
            case "BertProcessing", "RobertaProcessing" -> {
                List<?> cls = tokenAndId(part, "cls");
                List<?> sep = tokenAndId(part, "sep");
                String start = (String) cls.getFirst();
                String end = (String) sep.getFirst();
                yield type.equals("BertProcessing")
                        ? Template.bert(start, (int) cls.getLast(), end, (int) sep.getLast())
                        : Template.roberta(start, (int) cls.getLast(), end, (int) sep.getLast());
            }
            default ->
                throw PartsJson.unknown(
                        part, "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence");
        };
    }

    private static List<?> tokenAndId(JsonObject component, String name) {
        List<?> entry = component.list(name);
        if (entry.size() != 2 || !(entry.getFirst() instanceof String) || !(entry.getLast() instanceof Integer)) {
            throw component.wrong(name, "a token and its id", entry);
        }
        return entry;
    }

    private static List<Template.Piece> pieces(JsonObject component, String name) {
        List<Template.Piece> pieces = new ArrayList<>();
        for (JsonObject piece : component.objects(name)) {
            if (piece.has("Sequence")) {
                JsonObject text = piece.object("Sequence");
                pieces.add(new Template.Text(text.string("id").equals("A") ? 0 : 1, text.integer("type_id")));
            } else {
                JsonObject special = piece.object("SpecialToken");
                JsonObject token = component.object("special_tokens").object(special.string("id"));
                pieces.add(new Template.Special(
                        token.strings("tokens"), token.integers("ids"), special.integer("type_id")));
            }
        }
        return pieces;
    }

    /// Null where the file has none.
    Decoder decoder() {
        return json.has("decoder") ? PartsJson.decoder(json.object("decoder")) : null;
    }

    void addTokens(AddedTokens.Collector collector) {
        if (!json.has("added_tokens")) {
            return;
        }
        for (JsonObject token : json.objects("added_tokens")) {
            int id = token.integer("id");
            int given = collector.add(addedToken(token, false));
            if (given != id) {
                throw new TokenizerException(token.where() + ": token \"" + token.string("content") + "\" has id " + id
                        + ", but the vocabulary and the added tokens before it make it " + given
                        + "; correct the id, or order the added tokens by id");
            }
        }
    }

    /// A token with its properties as tokenizers writes them.
    static AddedToken addedToken(JsonObject token, boolean special) {
        boolean isSpecial = token.bool("special", special);
        return new AddedToken(
                token.string("content"),
                token.bool("single_word", false),
                token.bool("lstrip", false),
                token.bool("rstrip", false),
                token.bool("normalized", !isSpecial),
                isSpecial);
    }
}
