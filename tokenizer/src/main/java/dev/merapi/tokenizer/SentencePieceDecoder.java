package dev.merapi.tokenizer;

import java.util.List;
import java.util.Set;

/// Makes text of pieces again, as SentencePiece's C++ library does: `▁` becomes a space, but for the one (with
/// remove_extra_whitespaces, all those) at the start of the text; byte pieces become the characters that they
/// spell, a byte that spells none becomes U+FFFD; control pieces vanish, the unknown piece becomes its surface,
/// ` ⁇ `.
///
/// Tokens that lie over the model, `[MASK]`, stay as they are.
final class SentencePieceDecoder implements Decoder {
    private static final String REPLACEMENT = "\uFFFD";

    private final SentencePieceFile.Pieces pieces;
    private final Vocabulary vocabulary;
    private final Set<String> verbatim;
    private final String unknownSurface;
    private final boolean stripsFirst;
    private final boolean stripsAll;
    private final Normalizer denormalizer; // null: none

    /// @param pieces those of the model, by id
    /// @param verbatim tokens that are text as they are, also if they are control pieces of the model
    SentencePieceDecoder(
            SentencePieceFile file, SentencePieceFile.Pieces pieces, Vocabulary vocabulary, Set<String> verbatim) {
        this.pieces = pieces;
        this.vocabulary = vocabulary;
        this.verbatim = Set.copyOf(verbatim);
        this.unknownSurface = file.unknownSurface();
        this.stripsAll = file.normalizer().removeExtraSpaces();
        this.stripsFirst = stripsAll || file.normalizer().dummyPrefix();
        this.denormalizer =
                file.denormalizer() == null ? null : new SentencePieceNormalizer(file.denormalizer(), false, List.of());
    }

    @Override
    public List<String> decode(List<String> tokens) {
        StringBuilder text = new StringBuilder();
        byte[] bytes = new byte[tokens.size()];
        int count = 0; // of byte pieces in a row
        boolean atStart = true;
        boolean stripped = false; // the first space
        for (String token : tokens) {
            int id = verbatim.contains(token) ? -1 : vocabulary.id(token);
            if (id >= 0 && pieces.type(id) == SentencePieceFile.Type.BYTE) {
                bytes[count++] = (byte) BytePiece.byteOf(token);
                continue;
            }
            appendCharacters(bytes, count, text);
            count = 0;
            atStart &= !stripped && text.isEmpty();
            stripped = false;
            if (id < 0) {
                text.append(token);
                continue;
            }
            switch (pieces.type(id)) {
                case CONTROL -> {}
                case UNKNOWN -> text.append(unknownSurface);
                default -> {
                    boolean strip = atStart && stripsFirst && token.charAt(0) == SentencePieceNormalizer.SPACE;
                    stripped = strip && !stripsAll;
                    text.append((strip ? token.substring(1) : token).replace(SentencePieceNormalizer.SPACE, ' '));
                }
            }
        }
        appendCharacters(bytes, count, text);
        return List.of(denormalizer == null ? text.toString() : denormalized(text));
    }

    private String denormalized(StringBuilder decoded) {
        char[] source = decoded.toString().toCharArray();
        NormalizedText text = new NormalizedText();
        text.reset(source, 0, source.length, false);
        denormalizer.apply(text);
        return new String(text.chars, 0, text.length);
    }

    /// Appends the characters that bytes spell in UTF-8, U+FFFD for each byte that is part of none.
    private static void appendCharacters(byte[] bytes, int count, StringBuilder text) {
        for (int i = 0; i < count; ) {
            int first = bytes[i] & 0xFF;
            int length =
                    first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;
            int codePoint = length <= 1 ? first : first & 0xFF >> length + 1;
            boolean valid = length > 0 && i + length <= count;
            for (int k = 1; k < length && valid; k++) {
                valid = (bytes[i + k] & 0xC0) == 0x80;
                codePoint = codePoint << 6 | bytes[i + k] & 0x3F;
            }
            valid = valid
                    && Character.isValidCodePoint(codePoint)
                    && (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE)
                    && Charsmap.width(codePoint) == length;
            if (valid) {
                text.appendCodePoint(codePoint);
            } else {
                text.append(REPLACEMENT);
            }
            i += valid ? length : 1;
        }
    }
}
