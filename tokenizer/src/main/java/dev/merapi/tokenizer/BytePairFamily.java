package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What families of models have around a byte-level vocabulary when all there is is `vocab.json` and
/// `merges.txt`: their special tokens and template, as transformers' tokenizers.
///
///     ROBERTA    <s> A </s>       <s> A </s></s> B </s>           types 0
///     DEBERTA    [CLS] A [SEP]    [CLS] A [SEP][SEP] B [SEP]      types 0
///     GPT2       A                A B                             types 0 1; with add_bos_token <|endoftext|>
///     before each
enum BytePairFamily {
    ROBERTA(
            List.of("RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer"),
            List.of("roberta", "bart", "longformer", "led"),
            Map.of(
                    SpecialToken.BOS, "<s>",
                    SpecialToken.EOS, "</s>",
                    SpecialToken.UNK, "<unk>",
                    SpecialToken.SEP, "</s>",
                    SpecialToken.PAD, "<pad>",
                    SpecialToken.CLS, "<s>",
                    SpecialToken.MASK, "<mask>")),
    DEBERTA(
            List.of("DebertaTokenizer"),
            List.of("deberta"),
            Map.of(
                    SpecialToken.BOS, "[CLS]",
                    SpecialToken.EOS, "[SEP]",
                    SpecialToken.UNK, "[UNK]",
                    SpecialToken.SEP, "[SEP]",
                    SpecialToken.PAD, "[PAD]",
                    SpecialToken.CLS, "[CLS]",
                    SpecialToken.MASK, "[MASK]")),
    GPT2(
            List.of("GPT2Tokenizer"),
            List.of("gpt2"),
            Map.of(
                    SpecialToken.BOS, "<|endoftext|>",
                    SpecialToken.EOS, "<|endoftext|>",
                    SpecialToken.UNK, "<|endoftext|>"));

    private final List<String> classes;
    private final List<String> modelTypes;
    private final Map<SpecialToken, String> special;

    BytePairFamily(List<String> classes, List<String> modelTypes, Map<SpecialToken, String> special) {
        this.classes = classes;
        this.modelTypes = modelTypes;
        this.special = special;
    }

    /// The family by the class that the settings name, else by the type of the model, else by its special
    /// tokens in the vocabulary.
    static BytePairFamily of(String tokenizerClass, String modelType, Vocabulary vocabulary) {
        String name = tokenizerClass == null ? null : TokenizerConfig.withoutFast(tokenizerClass);
        for (BytePairFamily family : values()) {
            boolean fits = name != null
                    ? family.classes.contains(name)
                    : modelType != null ? family.modelTypes.contains(modelType) : family.isKnownTo(vocabulary);
            if (fits) {
                return family;
            }
        }
        throw new TokenizerException(TokenizerConfig.FILE + ": tokenizer_class "
                + (name != null ? name : modelType != null ? "for a " + modelType + " model" : "")
                + " with a vocab.json is not supported, expected one of "
                + Arrays.stream(values())
                        .flatMap(family -> family.classes.stream())
                        .toList()
                + "; save it in Python so that there is a tokenizer.json");
    }

    private boolean isKnownTo(Vocabulary vocabulary) {
        for (String token : special.values()) {
            if (vocabulary.id(token) < 0) {
                return false;
            }
        }
        return true;
    }

    /// The special tokens where the settings name no others.
    Map<SpecialToken, AddedToken> special() {
        Map<SpecialToken, AddedToken> tokens = new EnumMap<>(SpecialToken.class);
        for (Map.Entry<SpecialToken, String> part : special.entrySet()) {
            tokens.put(part.getKey(), AddedToken.special(part.getValue()));
        }
        return tokens;
    }

    Template template(JsonObject settings, Map<SpecialToken, AddedToken> special, AddedTokens added) {
        if (this == GPT2) {
            return framed(
                    settings.bool("add_bos_token", false) ? special.get(SpecialToken.BOS) : null,
                    settings.bool("add_eos_token", false) ? special.get(SpecialToken.EOS) : null,
                    added);
        }
        String cls = special.get(SpecialToken.CLS).content();
        String sep = special.get(SpecialToken.SEP).content();
        Template template = Template.roberta(cls, added.id(cls), sep, added.id(sep));
        boolean trims = this == ROBERTA && settings.bool("trim_offsets", true);
        return trims ? template.trimming(new SpaceTrim(settings.bool("add_prefix_space", false))) : template;
    }

    private static Template framed(AddedToken bos, AddedToken eos, AddedTokens added) {
        List<Template.Piece> single = new ArrayList<>();
        List<Template.Piece> pair = new ArrayList<>();
        for (int sequence = 0; sequence < 2; sequence++) {
            if (bos != null) {
                pair.add(piece(bos, sequence, added));
            }
            pair.add(new Template.Text(sequence, sequence));
            if (eos != null) {
                pair.add(piece(eos, sequence, added));
            }
            if (sequence == 0) {
                single.addAll(pair);
            }
        }
        return new Template(single, pair);
    }

    private static Template.Piece piece(AddedToken token, int typeId, AddedTokens added) {
        return new Template.Special(List.of(token.content()), List.of(added.id(token.content())), typeId);
    }
}
