package dev.merapi.tokenizer;

/// SentencePiece's precompiled rules as tokenizers 0.23 applies them (its `Precompiled`, after spm_precompiled
/// 0.1): to each grapheme cluster of less than six bytes the shortest rule that it starts with, which then
/// takes the whole cluster; else to each of its code points the shortest rule for that.
/// [SentencePieceNormalizer] is the C++ library's way, where the longest rule wins.
///
/// Origins as the reference counts them: the characters of a result stand for the characters that it takes, one
/// by one, what is left of these goes with the last one, and a character that vanishes goes with the one before
/// it. Where it is the first, the reference forgets it, and what follows is a character too far left:
/// reproduced, as the offsets of a `tokenizer.json` are those of tokenizers.
final class Precompiled implements Normalizer {
    private static final int SHORT = 6;
    private static final int NONE = -1;

    private final Charsmap charsmap;
    private final boolean[] changed = new boolean[128]; // by a rule, alone

    Precompiled(Charsmap rules) {
        charsmap = rules;
        for (int c = 0; c < 128; c++) {
            changed[c] = rule(c) != Charsmap.NONE;
        }
    }

    @Override
    public void apply(NormalizedText text) {
        if (!isChanged(text)) {
            return;
        }
        Cursor cursor = new Cursor(text);
        char[] chars = text.chars;
        for (int from = 0; from < text.length; ) {
            int to = Graphemes.end(chars, from, text.length);
            int result = bytes(chars, from, to) < SHORT ? rule(chars, from, to) : Charsmap.NONE;
            if (result != Charsmap.NONE) {
                cursor.replace(result, Character.codePointCount(chars, from, to - from));
                from = to;
                continue;
            }
            while (from < to) {
                int codePoint = Character.codePointAt(chars, from, to);
                result = rule(codePoint);
                if (result == Charsmap.NONE) {
                    cursor.keep(codePoint);
                } else {
                    cursor.replace(result, 1);
                }
                from += Character.charCount(codePoint);
            }
        }
        cursor.flush();
        text.turn();
    }

    /// Whether any rule may apply; where none does, not even offsets move.
    private boolean isChanged(NormalizedText text) {
        for (int i = 0; i < text.length; i++) {
            if (text.chars[i] >= 128 || changed[text.chars[i]]) {
                return true;
            }
        }
        return false;
    }

    private int rule(int codePoint) {
        int node = charsmap.child(Charsmap.ROOT, codePoint);
        return node == Charsmap.NONE ? Charsmap.NONE : charsmap.result(node);
    }

    /// The result of the shortest rule that `chars[from, to)` starts with.
    private int rule(char[] chars, int from, int to) {
        int node = Charsmap.ROOT;
        while (from < to) {
            int codePoint = Character.codePointAt(chars, from, to);
            node = charsmap.child(node, codePoint);
            if (node == Charsmap.NONE) {
                return Charsmap.NONE;
            }
            int result = charsmap.result(node);
            if (result != Charsmap.NONE) {
                return result;
            }
            from += Character.charCount(codePoint);
        }
        return Charsmap.NONE;
    }

    private static int bytes(char[] chars, int from, int to) {
        int bytes = 0;
        for (int i = from; i < to; i++) {
            bytes += chars[i] < 0x80 ? 1 : chars[i] < 0x800 || Character.isSurrogate(chars[i]) ? 2 : 3;
        }
        return bytes;
    }

    /// Writes the next version, and counts its characters off against the current one.
    private final class Cursor {
        private final NormalizedText text;
        private int at; // the next character to be counted off
        private int last; // the one before, where added characters come from
        private int waiting = NONE; // the last code point to be written, and how many characters it stands for
        private int taken;

        private Cursor(NormalizedText text) {
            this.text = text;
        }

        private void keep(int codePoint) {
            add(codePoint, 1);
        }

        /// Writes a result for `characters` of the current version.
        private void replace(int result, int characters) {
            int left = characters;
            int codePoint = charsmap.codePoint(result);
            while (codePoint != 0) {
                add(codePoint, left > 0 ? 1 : 0);
                left -= left > 0 ? 1 : 0;
                result += Charsmap.width(codePoint);
                codePoint = charsmap.codePoint(result);
            }
            taken += waiting == NONE ? 0 : left;
        }

        private void add(int codePoint, int characters) {
            flush();
            waiting = codePoint;
            taken = characters;
        }

        private void flush() {
            if (waiting == NONE) {
                return;
            }
            text.put(waiting, text.origin(taken == 0 ? last : Math.min(at, text.length - 1)));
            for (; taken > 0 && at < text.length; taken--) {
                last = at;
                at += Character.isHighSurrogate(text.chars[at]) ? 2 : 1;
            }
            waiting = NONE;
        }
    }
}
