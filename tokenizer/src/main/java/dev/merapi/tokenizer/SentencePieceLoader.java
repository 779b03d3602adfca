package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Builds a tokenizer of a SentencePiece model. The text is cut as SentencePiece's C++ library cuts it; the
/// class that the settings name says what lies around that, as transformers has it ([SentencePieceFamily]).
/// Without a class there are the model's pieces alone: nothing is looked for in the text first, and nothing is
/// put around it.
final class SentencePieceLoader {
    private final TokenizerFiles files;
    private final TokenizerConfig config;
    private final JsonObject settings;
    private final SentencePieceFamily family;

    private SentencePieceLoader(TokenizerFiles files, TokenizerConfig config) {
        this.files = files;
        this.config = config;
        this.settings = files.has(TokenizerConfig.FILE)
                ? JsonObject.read(TokenizerConfig.FILE, files.bytes(TokenizerConfig.FILE))
                : new JsonObject(TokenizerConfig.FILE, Map.of());
        this.family = SentencePieceFamily.of(config.tokenizerClass(), files.modelType());
    }

    static Tokenizer load(TokenizerFiles files, TokenizerConfig config) {
        return new SentencePieceLoader(files, config).load();
    }

    private Tokenizer load() {
        String name = files.sentencePiece();
        SentencePieceFile file = SentencePieceFile.read(name, files.bytes(name));
        if (family == SentencePieceFamily.ALBERT) {
            return loadAlbert(new AlbertPipeline(name, file, settings));
        }
        Map<SpecialToken, AddedToken> special = special(file);
        SentencePieceFile.Pieces pieces = family.pieces(name, file.pieces(), special);
        SentencePieceModel model = new SentencePieceModel(name, file, pieces);
        AddedTokens.Collector collector = new AddedTokens.Collector(model.vocabulary());
        if (family == SentencePieceFamily.T5) {
            for (int i = settings.integer("extra_ids", 100) - 1; i >= 0; i--) {
                collector.add(AddedToken.special("<extra_id_" + i + ">"));
            }
        }
        Loader.addConfigured(config, family == SentencePieceFamily.PLAIN ? config.special() : special, collector);
        List<Normalizer> normalizers = normalizers(file, pieces);
        AddedTokens added = new AddedTokens(collector, normalizers, config.splitSpecial());
        Set<String> verbatim = new HashSet<>(added.contents());
        if (special.containsKey(SpecialToken.UNK)) {
            verbatim.remove(special.get(SpecialToken.UNK).content());
        }
        Pipeline pipeline = new Pipeline(
                added,
                normalizers,
                List.of(),
                model,
                family.template(special, added),
                new SentencePieceDecoder(file, pieces, model.vocabulary(), verbatim));
        return new Tokenizer(pipeline, config, special, config.lengths(), filesWithClass(special));
    }

    private Tokenizer loadAlbert(AlbertPipeline parts) {
        Map<SpecialToken, AddedToken> special = special(parts.file());
        Unigram model = parts.model();
        AddedTokens.Collector collector = new AddedTokens.Collector(model.vocabulary());
        parts.addTokens(collector);
        Loader.addConfigured(config, special, collector);
        List<Normalizer> normalizers = parts.normalizers();
        AddedTokens added = new AddedTokens(collector, normalizers, config.splitSpecial());
        Pipeline pipeline = new Pipeline(
                added,
                normalizers,
                List.of(CharacterSplit.WHITESPACE_SPLIT, parts.spaces()),
                model,
                family.template(special, added),
                parts.spaces());
        return new Tokenizer(pipeline, config, special, config.lengths(), filesWithClass(special));
    }

    /// The special tokens by their parts: as the settings say, else as the family has them, else as the model
    /// does.
    private Map<SpecialToken, AddedToken> special(SentencePieceFile file) {
        Map<SpecialToken, AddedToken> special = new EnumMap<>(SpecialToken.class);
        if (family == SentencePieceFamily.PLAIN) {
            List<String> named = file.pieces().of(SentencePieceFile.Type.CONTROL);
            named.addAll(file.pieces().of(SentencePieceFile.Type.UNKNOWN));
            for (Map.Entry<SpecialToken, String> part : file.names().entrySet()) {
                if (named.contains(part.getValue())) {
                    special.put(part.getKey(), AddedToken.special(part.getValue()));
                }
            }
        } else {
            for (Map.Entry<SpecialToken, String> part : family.special().entrySet()) {
                special.put(part.getKey(), AddedToken.special(part.getValue()));
            }
        }
        special.putAll(config.special());
        return special;
    }

    private List<Normalizer> normalizers(SentencePieceFile file, SentencePieceFile.Pieces pieces) {
        List<String> symbols = pieces.of(SentencePieceFile.Type.USER_DEFINED);
        List<Normalizer> normalizers = new ArrayList<>(family.normalizers(settings));
        normalizers.add(new SentencePieceNormalizer(file.normalizer(), file.spaceIsSuffix(), symbols));
        return List.copyOf(normalizers);
    }

    /// The files, with settings that name the class where only the model's own config.json did.
    private TokenizerFiles filesWithClass(Map<SpecialToken, AddedToken> special) {
        if (family == SentencePieceFamily.PLAIN || files.has(TokenizerConfig.FILE)) {
            return files;
        }
        Map<String, byte[]> contents = new LinkedHashMap<>(files.contents());
        contents.put(TokenizerConfig.FILE, TokenizerConfig.describe(family.tokenizerClass(), special));
        return new TokenizerFiles(contents, files.modelType());
    }
}
