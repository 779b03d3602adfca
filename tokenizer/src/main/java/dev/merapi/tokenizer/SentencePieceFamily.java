package dev.merapi.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// What families of models have around a SentencePiece model: their special tokens and template, what they do
/// to a text first, and where they give the pieces other ids. As transformers' tokenizers and its
/// convert_slow_tokenizer.py.
///
///     DEBERTA        [CLS] A [SEP]      [CLS] A [SEP] B [SEP]      types 0 0 0 1 1    [MASK] after the pieces
///     ALBERT         as DEBERTA, but around the pieces alone: see AlbertPipeline
///     XLM_ROBERTA    <s> A </s>         <s> A </s> </s> B </s>     types 0            ids as fairseq's
///     T5             A </s>             A </s> B </s>              types 0            <extra_id_99> … after
///     them
///     PLAIN          A                  A B                        types 0 1
enum SentencePieceFamily {
    PLAIN("PreTrainedTokenizer", "", Map.of()),
    DEBERTA(
            "DebertaV2Tokenizer",
            "deberta-v2",
            Map.of(
                    SpecialToken.BOS, "[CLS]",
                    SpecialToken.EOS, "[SEP]",
                    SpecialToken.UNK, "[UNK]",
                    SpecialToken.SEP, "[SEP]",
                    SpecialToken.PAD, "[PAD]",
                    SpecialToken.CLS, "[CLS]",
                    SpecialToken.MASK, "[MASK]")),
    ALBERT(
            "AlbertTokenizer",
            "albert",
            Map.of(
                    SpecialToken.BOS, "[CLS]",
                    SpecialToken.EOS, "[SEP]",
                    SpecialToken.UNK, "<unk>",
                    SpecialToken.SEP, "[SEP]",
                    SpecialToken.PAD, "<pad>",
                    SpecialToken.CLS, "[CLS]",
                    SpecialToken.MASK, "[MASK]")),
    XLM_ROBERTA(
            "XLMRobertaTokenizer",
            "xlm-roberta",
            Map.of(
                    SpecialToken.BOS, "<s>",
                    SpecialToken.EOS, "</s>",
                    SpecialToken.UNK, "<unk>",
                    SpecialToken.SEP, "</s>",
                    SpecialToken.PAD, "<pad>",
                    SpecialToken.CLS, "<s>",
                    SpecialToken.MASK, "<mask>")),
    T5("T5Tokenizer", "t5", Map.of(SpecialToken.EOS, "</s>", SpecialToken.UNK, "<unk>", SpecialToken.PAD, "<pad>"));

    private final String tokenizerClass;
    private final String modelType;
    private final Map<SpecialToken, String> special;

    SentencePieceFamily(String tokenizerClass, String modelType, Map<SpecialToken, String> special) {
        this.tokenizerClass = tokenizerClass;
        this.modelType = modelType;
        this.special = special;
    }

    /// The family of a class of transformers, else of a model's type; [#PLAIN] if neither is said.
    ///
    /// @param tokenizerClass with or without `Fast` at its end, or null
    /// @param modelType `model_type` of the model's config.json, or null
    static SentencePieceFamily of(String tokenizerClass, String modelType) {
        String wanted = tokenizerClass == null ? null : TokenizerConfig.withoutFast(tokenizerClass);
        boolean anyClass = wanted == null || wanted.equals(PLAIN.tokenizerClass) || wanted.equals("TokenizersBackend");
        if (anyClass && modelType == null) {
            return PLAIN;
        }
        for (SentencePieceFamily family : values()) {
            if (anyClass ? family.modelType.equals(modelType) : family.tokenizerClass.equals(wanted)) {
                return family;
            }
        }
        throw new TokenizerException(TokenizerConfig.FILE + ": a SentencePiece model of "
                + (anyClass ? "model_type " + modelType : "tokenizer_class " + tokenizerClass)
                + " is not supported, expected one of "
                + Stream.of(values()).map(SentencePieceFamily::tokenizerClass).toList()
                + "; save it in Python so that there is a tokenizer.json");
    }

    String tokenizerClass() {
        return tokenizerClass;
    }

    Map<SpecialToken, String> special() {
        return special;
    }

    /// The pieces by the ids that the model knows them by.
    ///
    /// @param file its name, for errors
    SentencePieceFile.Pieces pieces(
            String file, SentencePieceFile.Pieces pieces, Map<SpecialToken, AddedToken> tokens) {
        return this == XLM_ROBERTA ? fairseq(file, pieces, tokens) : pieces;
    }

    /// `<s> <pad> </s> <unk>`, then the pieces after the first three, which are `<unk> <s> </s>`, then
    /// `<mask>`.
    private static SentencePieceFile.Pieces fairseq(
            String file, SentencePieceFile.Pieces pieces, Map<SpecialToken, AddedToken> tokens) {
        for (int id = 0; id < 3; id++) {
            if (id >= pieces.size() || pieces.type(id).isText()) {
                throw new TokenizerException(file + ": XLM-RoBERTa's model must start with <unk> <s> </s>, got "
                        + (id < pieces.size() ? "\"" + pieces.texts().get(id) + "\" as piece " + id : id + " pieces")
                        + "; it is another model's");
            }
        }
        SentencePieceFile.Pieces all = new SentencePieceFile.Pieces(pieces.size() + 2);
        for (SpecialToken part : List.of(SpecialToken.BOS, SpecialToken.PAD, SpecialToken.EOS, SpecialToken.UNK)) {
            SentencePieceFile.Type type =
                    part == SpecialToken.UNK ? SentencePieceFile.Type.UNKNOWN : SentencePieceFile.Type.CONTROL;
            all.add(tokens.get(part).content(), 0, type);
        }
        for (int id = 3; id < pieces.size(); id++) {
            all.add(pieces, id);
        }
        all.add(tokens.get(SpecialToken.MASK).content(), 0, SentencePieceFile.Type.CONTROL);
        return all;
    }

    /// What is done to a text before the model's own normalizer.
    ///
    /// @param settings the members of tokenizer_config.json
    List<Normalizer> normalizers(JsonObject settings) {
        if (settings.bool("split_by_punct", false)) {
            throw new TokenizerException(settings.where() + ": split_by_punct is not supported with a SentencePiece"
                    + " model; save it in Python so that there is a tokenizer.json");
        }
        return settings.bool("do_lower_case", false) ? List.of(CharacterNormalizer.LOWERCASE) : List.of();
    }

    Template template(Map<SpecialToken, AddedToken> tokens, AddedTokens added) {
        Template.Piece first = new Template.Text(0, 0);
        Template.Piece second = new Template.Text(1, 0);
        return switch (this) {
            case PLAIN -> Template.BARE;
            case DEBERTA, ALBERT -> {
                String cls = tokens.get(SpecialToken.CLS).content();
                String sep = tokens.get(SpecialToken.SEP).content();
                yield Template.bert(cls, added.id(cls), sep, added.id(sep));
            }
            case XLM_ROBERTA -> {
                Template.Piece start = piece(tokens.get(SpecialToken.CLS), added);
                Template.Piece end = piece(tokens.get(SpecialToken.SEP), added);
                yield new Template(List.of(start, first, end), List.of(start, first, end, end, second, end));
            }
            case T5 -> {
                Template.Piece end = piece(tokens.get(SpecialToken.EOS), added);
                yield new Template(List.of(first, end), List.of(first, end, second, end));
            }
        };
    }

    private static Template.Piece piece(AddedToken token, AddedTokens added) {
        return new Template.Special(List.of(token.content()), List.of(added.id(token.content())), 0);
    }
}
