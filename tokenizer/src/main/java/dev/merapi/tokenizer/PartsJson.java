package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// Reads the parts of a `tokenizer.json` that are lists of small steps: normalizers, pre-tokenizers, decoders.
/// A type that is not known is an error that names it.
final class PartsJson {
    private PartsJson() {}

    static void addNormalizer(JsonObject part, List<Normalizer> normalizers) {
        switch (part.string("type")) {
            case "Sequence" -> {
                for (JsonObject inner : part.objects("normalizers")) {
                    addNormalizer(inner, normalizers);
                }
            }
            case "BertNormalizer" -> {
                boolean lowercase = part.bool("lowercase");
                normalizers.add(CharacterNormalizer.bert(
                        part.bool("clean_text"),
                        part.bool("handle_chinese_chars"),
                        part.bool("strip_accents", lowercase),
                        lowercase));
            }
            case "NFC" -> normalizers.add(NormalForm.NFC);
            case "NFD" -> normalizers.add(CharacterNormalizer.NFD);
            case "NFKC" -> normalizers.add(NormalForm.NFKC);
            case "NFKD" -> normalizers.add(NormalForm.NFKD);
            case "StripAccents" -> normalizers.add(CharacterNormalizer.STRIP_ACCENTS);
            case "Lowercase" -> normalizers.add(CharacterNormalizer.LOWERCASE);
            case "Strip" -> normalizers.add(new Strip(part.bool("strip_left", true), part.bool("strip_right", true)));
            case "Replace" -> normalizers.add(new Replace(pattern(part), part.string("content")));
            case "Prepend" -> normalizers.add(new Prepend(part.string("prepend")));
            case "Precompiled" -> {
                if (part.has("precompiled_charsmap")) {
                    normalizers.add(new Precompiled(new Charsmap(base64(part, "precompiled_charsmap"))));
                }
            }
            default ->
                throw unknown(
                        part,
                        "BertNormalizer, NFC, NFD, NFKC, NFKD, StripAccents, Lowercase, Strip, Replace, Prepend,"
                                + " Precompiled, Sequence");
        }
    }

    static void addPreTokenizer(JsonObject part, List<PreTokenizer> preTokenizers) {
        switch (part.string("type")) {
            case "Sequence" -> {
                for (JsonObject inner : part.objects("pretokenizers")) {
                    addPreTokenizer(inner, preTokenizers);
                }
            }
            case "BertPreTokenizer" -> preTokenizers.add(CharacterSplit.BERT);
            case "Whitespace" -> preTokenizers.add(WhitespaceWords.INSTANCE);
            case "WhitespaceSplit" -> preTokenizers.add(CharacterSplit.WHITESPACE_SPLIT);
            case "Punctuation" -> {
                SplitBehavior behavior = behavior(part, "Isolated");
                preTokenizers.add(
                        behavior == SplitBehavior.ISOLATED
                                ? CharacterSplit.PUNCTUATION
                                : new PatternSplit(new TextPattern.Kind(Unicode.PUNCTUATION), behavior, false));
            }
            case "Digits" -> {
                boolean single = part.bool("individual_digits", false);
                preTokenizers.add(new PatternSplit(
                        new TextPattern.Kind(Unicode.NUMERIC),
                        single ? SplitBehavior.ISOLATED : SplitBehavior.CONTIGUOUS,
                        false));
            }
            case "Split" ->
                preTokenizers.add(new PatternSplit(pattern(part), behavior(part, null), part.bool("invert", false)));
            case "Metaspace" -> preTokenizers.add(metaspace(part));
            case "ByteLevel" ->
                preTokenizers.add(
                        new ByteLevel(part.bool("add_prefix_space", true), part.bool("use_regex", true), true));
            default ->
                throw unknown(
                        part,
                        "BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits, Split, Metaspace,"
                                + " ByteLevel, Sequence");
        }
    }

    static Decoder decoder(JsonObject part) {
        return switch (part.string("type")) {
            case "Sequence" -> {
                List<Decoder> decoders = new ArrayList<>();
                for (JsonObject inner : part.objects("decoders")) {
                    decoders.add(decoder(inner));
                }
                yield new Decoders.Chain(decoders);
            }
            case "WordPiece" -> new WordPieceDecoder(part.string("prefix"), part.bool("cleanup"));
            case "ByteLevel" -> ByteLevelDecoder.INSTANCE;
            case "Metaspace" -> metaspace(part);
            case "BPEDecoder" -> new Decoders.WordEnd(part.string("suffix", "</w>"));
            case "ByteFallback" -> Decoders.ByteFallback.INSTANCE;
            case "Fuse" -> Decoders.Fuse.INSTANCE;
            case "Strip" -> new Decoders.Trim(character(part, "content"), part.integer("start"), part.integer("stop"));
            case "Replace" -> new Replace(pattern(part), part.string("content"));
            default ->
                throw unknown(
                        part,
                        "WordPiece, ByteLevel, Metaspace, BPEDecoder, ByteFallback, Fuse, Strip, Replace, Sequence");
        };
    }

    private static Metaspace metaspace(JsonObject part) {
        int replacement = character(part, "replacement");
        if (replacement > Character.MAX_VALUE) {
            throw part.wrong("replacement", "a character of the basic plane", part.get("replacement"));
        }
        String scheme = part.string("prepend_scheme", part.bool("add_prefix_space", true) ? "always" : "never");
        Metaspace.Prepend prepend = switch (scheme) {
            case "always" -> Metaspace.Prepend.ALWAYS;
            case "first" -> Metaspace.Prepend.FIRST;
            case "never" -> Metaspace.Prepend.NEVER;
            default -> throw part.wrong("prepend_scheme", "\"always\", \"first\" or \"never\"", scheme);
        };
        return new Metaspace((char) replacement, prepend, part.bool("split", true));
    }

    private static TextPattern pattern(JsonObject part) {
        if (!(part.get("pattern") instanceof JsonObject pattern)) {
            throw part.wrong("pattern", "{\"String\": …} or {\"Regex\": …}", part.get("pattern"));
        }
        if (pattern.has("Regex")) {
            return TextPattern.Regex.of(part.where(), pattern.string("Regex"));
        }
        String text = pattern.string("String");
        if (text.isEmpty()) {
            throw pattern.wrong("String", "a string that is not empty", text);
        }
        return new TextPattern.Literal(text);
    }

    private static SplitBehavior behavior(JsonObject part, String otherwise) {
        return switch (otherwise == null ? part.string("behavior") : part.string("behavior", otherwise)) {
            case "Removed" -> SplitBehavior.REMOVED;
            case "Isolated" -> SplitBehavior.ISOLATED;
            case "MergedWithPrevious" -> SplitBehavior.MERGED_WITH_PREVIOUS;
            case "MergedWithNext" -> SplitBehavior.MERGED_WITH_NEXT;
            case "Contiguous" -> SplitBehavior.CONTIGUOUS;
            default ->
                throw part.wrong(
                        "behavior",
                        "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous",
                        part.get("behavior"));
        };
    }

    private static int character(JsonObject part, String name) {
        String text = part.string(name);
        if (text.codePointCount(0, text.length()) != 1) {
            throw part.wrong(name, "one character", text);
        }
        return text.codePointAt(0);
    }

    private static byte[] base64(JsonObject part, String name) {
        try {
            return Base64.getDecoder().decode(part.string(name));
        } catch (IllegalArgumentException e) {
            throw part.wrong(name, "Base64", part.get(name));
        }
    }

    /// The error of a part that we do not have.
    static TokenizerException unknown(JsonObject part, String known) {
        return new TokenizerException(part.where() + ": " + part.string("type", "a part of no type")
                + " is not supported, expected one of " + known + "; this tokenizer cannot be reproduced without it");
    }
}
