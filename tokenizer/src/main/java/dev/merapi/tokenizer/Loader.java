package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Builds a tokenizer of its files. A `tokenizer.json` says everything and wins over a SentencePiece model,
/// over `vocab.json` with `merges.txt`, and over `vocab.txt`, in this order; the settings beside it add special
/// tokens and the model's length.
final class Loader {
    private static final Map<SpecialToken, String> BERT_TOKENS = Map.of(
            SpecialToken.UNK, "[UNK]",
            SpecialToken.SEP, "[SEP]",
            SpecialToken.PAD, "[PAD]",
            SpecialToken.CLS, "[CLS]",
            SpecialToken.MASK, "[MASK]");

    /// The classes whose tokenizer is BERT's when all there is is a `vocab.txt`.
    private static final Set<String> BERT_CLASSES = Set.of(
            "BertTokenizer",
            "DistilBertTokenizer",
            "ElectraTokenizer",
            "MobileBertTokenizer",
            "PreTrainedTokenizer",
            "TokenizersBackend");

    private final TokenizerFiles files;
    private final TokenizerConfig config;
    private final Map<SpecialToken, AddedToken> special;

    private Loader(TokenizerFiles files) {
        this.files = files;
        this.config = TokenizerConfig.read(files);
        this.special = new EnumMap<>(SpecialToken.class);
        special.putAll(config.special());
    }

    static Tokenizer load(TokenizerFiles files) {
        Loader loader = new Loader(files);
        if (files.has(TokenizerFiles.TOKENIZER)) {
            return loader.loadJson();
        }
        if (files.hasSentencePiece()) {
            return SentencePieceLoader.load(files, loader.config);
        }
        return files.hasBytePairs() ? loader.loadBytePairs() : loader.loadVocabulary();
    }

    private Tokenizer loadJson() {
        TokenizerJson json = new TokenizerJson(files.bytes(TokenizerFiles.TOKENIZER));
        Model model = json.model();
        AddedTokens.Collector collector = new AddedTokens.Collector(model.vocabulary());
        json.addTokens(collector);
        addConfigured(config, special, collector);
        List<Normalizer> normalizers = json.normalizers();
        Pipeline pipeline = new Pipeline(
                new AddedTokens(collector, normalizers, config.splitSpecial()),
                normalizers,
                json.preTokenizers(),
                model,
                json.template(),
                json.decoder());
        // Parts that nobody names are played by BERT's tokens where the tokenizer has them.
        nameIfKnown(SpecialToken.UNK, model.unknownToken(), pipeline);
        nameIfKnown(SpecialToken.PAD, json.padToken(), pipeline);
        for (Map.Entry<SpecialToken, String> part : BERT_TOKENS.entrySet()) {
            nameIfKnown(part.getKey(), part.getValue(), pipeline);
        }
        return new Tokenizer(pipeline, config, special, config.lengths().orElse(json.lengths()), files);
    }

    private void nameIfKnown(SpecialToken part, String token, Pipeline pipeline) {
        if (token != null && pipeline.id(token) >= 0) {
            special.putIfAbsent(part, AddedToken.special(token));
        }
    }

    private Tokenizer loadBytePairs() {
        Vocabulary vocabulary =
                VocabularyJson.readFile(TokenizerFiles.BYTE_PAIRS, files.bytes(TokenizerFiles.BYTE_PAIRS));
        BytePairFamily family = BytePairFamily.of(config.tokenizerClass(), files.modelType(), vocabulary);
        JsonObject settings = files.has(TokenizerConfig.FILE)
                ? JsonObject.read(TokenizerConfig.FILE, files.bytes(TokenizerConfig.FILE))
                : new JsonObject(TokenizerConfig.FILE, Map.of());
        family.special().forEach(special::putIfAbsent);
        AddedTokens.Collector collector = new AddedTokens.Collector(vocabulary);
        addConfigured(config, special, collector);
        AddedTokens added = new AddedTokens(collector, List.of(), config.splitSpecial());
        BytePairEncoding.Options options = BytePairEncoding.Options.PLAIN;
        boolean ofBytes = BytePairEncoding.canReadBytes(vocabulary, options);
        Pipeline pipeline = new Pipeline(
                added,
                List.of(),
                List.of(new ByteLevel(settings.bool("add_prefix_space", false), true, !ofBytes)),
                new BytePairEncoding(vocabulary, MergesFile.read(files.bytes(MergesFile.FILE)), options, ofBytes),
                family.template(settings, special, added),
                ByteLevelDecoder.INSTANCE);
        return new Tokenizer(pipeline, config, special, config.lengths(), files);
    }

    private Tokenizer loadVocabulary() {
        String type = config.tokenizerClass() == null ? "BertTokenizer" : config.tokenizerClass();
        if (!BERT_CLASSES.contains(TokenizerConfig.withoutFast(type))) {
            throw new TokenizerException(TokenizerConfig.FILE + ": tokenizer_class " + type + " with a vocab.txt is not"
                    + " supported, expected BertTokenizer or one like it; save it in Python so that there is a"
                    + " tokenizer.json");
        }
        for (Map.Entry<SpecialToken, String> part : BERT_TOKENS.entrySet()) {
            special.putIfAbsent(part.getKey(), AddedToken.special(part.getValue()));
        }
        Vocabulary vocabulary = VocabularyFile.read(files.bytes(TokenizerFiles.VOCABULARY));
        String unknown = special.get(SpecialToken.UNK).content();
        AddedTokens.Collector collector = new AddedTokens.Collector(vocabulary);
        addConfigured(config, special, collector);
        boolean strip = config.stripAccents() != null ? config.stripAccents() : config.lowercase();
        List<Normalizer> normalizers =
                List.of(CharacterNormalizer.bert(true, config.spaceIdeographs(), strip, config.lowercase()));
        AddedTokens added = new AddedTokens(collector, normalizers, config.splitSpecial());
        String cls = special.get(SpecialToken.CLS).content();
        String sep = special.get(SpecialToken.SEP).content();
        Pipeline pipeline = new Pipeline(
                added,
                normalizers,
                List.of(CharacterSplit.BERT),
                new WordPiece(vocabulary, unknown, "##", 100),
                Template.bert(cls, added.id(cls), sep, added.id(sep)),
                new WordPieceDecoder("##", true));
        return new Tokenizer(pipeline, config, special, config.lengths(), files);
    }

    /// Adds what the settings name and the tokenizer does not have yet, in the order of transformers: tokens
    /// with ids, then the special tokens by their parts, then the further ones.
    static void addConfigured(
            TokenizerConfig config, Map<SpecialToken, AddedToken> special, AddedTokens.Collector collector) {
        List<AddedToken> missing = new ArrayList<>();
        for (Map.Entry<Integer, AddedToken> added : config.added().entrySet()) {
            int id = added.getKey();
            AddedToken token = added.getValue();
            int given = collector.add(token);
            if (given != id) {
                throw new TokenizerException("added tokens: token \"" + token.content() + "\" has id "
                        + id + ", but the vocabulary and the added tokens before it make it " + given
                        + "; the files do not belong together");
            }
        }
        missing.addAll(special.values());
        missing.addAll(config.extra());
        for (AddedToken token : missing) {
            if (!collector.contains(token.content())) {
                collector.add(token);
            }
        }
    }
}
