package dev.merapi.tokenizer;

import java.nio.charset.StandardCharsets;

/// Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909): a word starts as its characters, or as its
/// bytes (Radford et al. 2019), and the merges that training found are applied to it, earliest first.
final class BytePairEncoding implements Model {

    /// What a file may say beside vocabulary and merges.
    ///
    /// @param unknownToken stands for a character that is not in the vocabulary; null: such a character is left
    ///     out
    /// @param prefix in the vocabulary in front of the characters after a word's first, or empty
    /// @param suffix in the vocabulary behind a word's last character, or empty
    /// @param fuseUnknown make one unknown token of several in a row
    /// @param byteFallback spell an unknown character as `<0xE2>` and the like, if the vocabulary has all its
    ///     bytes
    /// @param ignoreMerges a word that is in the vocabulary is one token, whether merges lead there or not
    record Options(
            String unknownToken,
            String prefix,
            String suffix,
            boolean fuseUnknown,
            boolean byteFallback,
            boolean ignoreMerges) {

        /// GPT-2's.
        static final Options PLAIN = new Options(null, "", "", false, false, false);

        boolean isPlain() {
            return unknownToken == null && prefix.isEmpty() && suffix.isEmpty() && !byteFallback;
        }
    }

    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final Options options;
    private final int[] byteIds; // null: words come as characters of the vocabulary
    private final WordCache cache = new WordCache();

    /// @param merges in order of their rank: the two tokens of each that become one
    /// @param ofBytes words come as they are, and the vocabulary is written in the [ByteAlphabet]; else words
    ///     come in the vocabulary's own characters
    BytePairEncoding(Vocabulary vocabulary, Texts merges, Options options, boolean ofBytes) {
        this.vocabulary = vocabulary;
        this.options = options;
        this.merges = table(vocabulary, merges, options.prefix.length());
        this.byteIds = ofBytes ? byteIds(vocabulary) : null;
    }

    /// Whether a vocabulary and options allow words to be taken as bytes: every byte has its token, none is
    /// unknown.
    static boolean canReadBytes(Vocabulary vocabulary, Options options) {
        if (!options.isPlain()) {
            return false;
        }
        for (int id : byteIds(vocabulary)) {
            if (id < 0) {
                return false;
            }
        }
        return true;
    }

    private static int[] byteIds(Vocabulary vocabulary) {
        int[] ids = new int[256];
        for (int b = 0; b < ids.length; b++) {
            ids[b] = vocabulary.id(String.valueOf(ByteAlphabet.charOf(b)));
        }
        return ids;
    }

    private static MergeTable table(Vocabulary vocabulary, Texts merges, int prefix) {
        int count = merges.size() / 2;
        MergeTable table = new MergeTable(count);
        Trie trie = vocabulary.trie();
        for (int rank = 0; rank < count; rank++) {
            int left = vocabulary.find(merges, 2 * rank);
            int right = vocabulary.find(merges, 2 * rank + 1);
            int from = merges.start(2 * rank + 1) + prefix;
            int to = merges.end(2 * rank + 1);
            if (left < 0 || right < 0 || from > to) {
                throw wrong(vocabulary, merges, rank, prefix);
            }
            int node = trie.find(Trie.ROOT, merges.units(), merges.start(2 * rank), merges.end(2 * rank));
            node = trie.find(node, merges.units(), from, to);
            int result = node == Trie.NONE ? -1 : trie.value(node);
            if (result < 0) {
                throw wrong(vocabulary, merges, rank, prefix);
            }
            table.put(left, right, rank, result);
        }
        return table;
    }

    private static TokenizerException wrong(Vocabulary vocabulary, Texts merges, int rank, int prefix) {
        String left = merges.get(2 * rank);
        String right = merges.get(2 * rank + 1);
        String merge = "merges: merge " + rank + ", \"" + left + " " + right + "\"";
        if (vocabulary.id(left) >= 0 && vocabulary.id(right) >= 0 && right.length() < prefix) {
            return new TokenizerException(
                    merge + ": the second token is shorter than continuing_subword_prefix; the file is damaged");
        }
        String missing =
                vocabulary.id(left) < 0 ? left : vocabulary.id(right) < 0 ? right : left + right.substring(prefix);
        return new TokenizerException(
                merge + ", needs the token \"" + missing + "\", which is not in the vocabulary of " + vocabulary.size()
                        + " tokens; the files do not belong together");
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public String unknownToken() {
        return options.unknownToken;
    }

    @Override
    public Segmenter segmenter() {
        return new WordSegmenter();
    }

    private final class WordSegmenter implements Segmenter {
        private final BytePairMerger merger = new BytePairMerger(merges);
        private final WordCache.Word known = new WordCache.Word();

        @Override
        public void tokenize(NormalizedText text, int from, int to, int word, TokenBuffer tokens) {
            if (to - from > WordCache.MAX_LENGTH) {
                segment(text.chars, from, to);
                for (int i = 0; i < merger.size(); i++) {
                    tokens.add(merger.id(i), text.start(from + merger.first(i)), text.end(from + merger.last(i)), word);
                }
                return;
            }
            known.set(text.chars, from, to);
            long[] entry = cache.get(known);
            if (entry == null) {
                entry = remember(text.chars, from, to);
            }
            for (int i = known.size(); i < entry.length; i++) {
                int first = (int) entry[i] >>> 16;
                int last = (char) entry[i];
                tokens.add((int) (entry[i] >>> 32), text.start(from + first), text.end(from + last), word);
            }
        }

        /// Makes the word's entry: each token as `id << 32 | first unit << 16 | last unit`, counted in the
        /// word.
        private long[] remember(char[] chars, int from, int to) {
            segment(chars, from, to);
            long[] entry = known.entry(merger.size());
            for (int i = 0; i < merger.size(); i++) {
                entry[known.size() + i] = (long) merger.id(i) << 32 | merger.first(i) << 16 | merger.last(i);
            }
            cache.put(known, entry);
            return entry;
        }

        /// Leaves the tokens of a word in `merger`.
        private void segment(char[] chars, int from, int to) {
            merger.clear();
            int whole = options.ignoreMerges ? whole(chars, from, to) : -1;
            if (whole >= 0) {
                merger.add(whole, 0, to - from - 1);
                return;
            }
            if (byteIds != null) {
                addBytes(chars, from, to);
            } else {
                addCharacters(chars, from, to);
            }
            merger.merge();
        }

        private int whole(char[] chars, int from, int to) {
            String token = new String(chars, from, to - from);
            if (byteIds == null) {
                return vocabulary.id(token);
            }
            StringBuilder bytes = new StringBuilder(to - from);
            for (byte b : token.getBytes(StandardCharsets.UTF_8)) {
                bytes.append(ByteAlphabet.charOf(b & 0xFF));
            }
            return vocabulary.id(bytes.toString());
        }

        private void addBytes(char[] chars, int from, int to) {
            for (int i = from; i < to; i++) {
                char c = chars[i];
                int first = i - from;
                if (c < 0x80) {
                    merger.add(byteIds[c], first, first);
                } else if (c < 0x800) {
                    merger.add(byteIds[0xC0 | c >> 6], first, first);
                    merger.add(byteIds[0x80 | c & 0x3F], first, first);
                } else if (!Character.isSurrogate(c)) {
                    merger.add(byteIds[0xE0 | c >> 12], first, first);
                    merger.add(byteIds[0x80 | c >> 6 & 0x3F], first, first);
                    merger.add(byteIds[0x80 | c & 0x3F], first, first);
                } else {
                    int codePoint = Character.toCodePoint(c, chars[++i]);
                    merger.add(byteIds[0xF0 | codePoint >> 18], first, first + 1);
                    merger.add(byteIds[0x80 | codePoint >> 12 & 0x3F], first, first + 1);
                    merger.add(byteIds[0x80 | codePoint >> 6 & 0x3F], first, first + 1);
                    merger.add(byteIds[0x80 | codePoint & 0x3F], first, first + 1);
                }
            }
        }

        private void addCharacters(char[] chars, int from, int to) {
            boolean afterUnknown = false;
            for (int i = from, next; i < to; i = next) {
                next = i + (Character.isHighSurrogate(chars[i]) && i + 1 < to ? 2 : 1);
                String symbol = (i > from ? options.prefix : "")
                        + new String(chars, i, next - i)
                        + (next == to ? options.suffix : "");
                int id = vocabulary.id(symbol);
                if (id >= 0) {
                    merger.add(id, i - from, next - 1 - from);
                } else if (!options.byteFallback || !addBytes(symbol, i - from, next - 1 - from)) {
                    if (options.unknownToken == null) {
                        continue; // as if it were not there
                    }
                    if (afterUnknown && options.fuseUnknown) {
                        merger.extend(next - 1 - from);
                    } else {
                        merger.add(unknown(), i - from, next - 1 - from);
                    }
                    afterUnknown = true;
                    continue;
                }
                afterUnknown = false;
            }
        }

        /// Adds the tokens of a symbol's bytes if there is one for each.
        private boolean addBytes(String symbol, int first, int last) {
            byte[] bytes = symbol.getBytes(StandardCharsets.UTF_8);
            int[] ids = new int[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                ids[i] = vocabulary.id(BytePiece.of(bytes[i] & 0xFF));
                if (ids[i] < 0) {
                    return false;
                }
            }
            for (int id : ids) {
                merger.add(id, first, last);
            }
            return true;
        }

        private int unknown() {
            int id = vocabulary.id(options.unknownToken);
            if (id < 0) {
                throw new TokenizerException("BPE: the text has a character that the vocabulary cannot spell, and the"
                        + " unknown token \"" + options.unknownToken + "\" is not in the vocabulary of "
                        + vocabulary.size() + " tokens; add it to the vocabulary, or name the right one as unk_token");
            }
            return id;
        }
    }
}
