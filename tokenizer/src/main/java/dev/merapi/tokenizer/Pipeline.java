package dev.merapi.tokenizer;

import java.util.List;
import java.util.stream.IntStream;

/// What a `tokenizer.json` describes: the stages that a text goes through.
///
///     text ─added tokens cut out─▶ stretches ─normalizers─▶ ─added tokens cut out─▶ ─pre-tokenizers─▶ words
///          ─model─▶ tokens ─template─▶ encoding                                         tokens ─decoder─▶ text
///
/// @param decoder null: tokens are joined by spaces
record Pipeline(
        AddedTokens addedTokens,
        List<Normalizer> normalizers,
        List<PreTokenizer> preTokenizers,
        Model model,
        Template template,
        Decoder decoder) {

    /// Room to work in, for one thread, text after text.
    static final class Workspace {
        private final Segmenter segmenter;
        private final NormalizedText text = new NormalizedText();
        private final NormalizedText part = new NormalizedText(); // between added tokens
        private final Words words = new Words();
        private final Finder.Found raw = new Finder.Found();
        private final Finder.Found normalized = new Finder.Found();
        private final TokenBuffer first = new TokenBuffer();
        private final TokenBuffer second = new TokenBuffer();

        private Workspace(Segmenter segmenter) {
            this.segmenter = segmenter;
        }
    }

    Workspace workspace() {
        return new Workspace(model.segmenter());
    }

    /// The tokens of a text, or of the second text of a pair, without the template's. They are in the
    /// workspace: the next text overwrites them.
    TokenBuffer tokenize(String text, boolean second, Workspace work) {
        char[] source = text.toCharArray();
        int bits = 0;
        for (char c : source) {
            bits |= c;
        }
        boolean maybeSurrogates = bits >= Character.MIN_SURROGATE;
        if (maybeSurrogates) {
            requireUnicode(source);
        }
        boolean ascii = bits < 128;
        TokenBuffer tokens = second ? work.second : work.first;
        tokens.clear();
        addedTokens.raw().finder().find(source, 0, source.length, work.raw);
        int word = 0;
        int done = 0;
        for (int i = 0; i < work.raw.count(); i++) {
            int start = work.raw.start(i);
            int end = work.raw.end(i);
            if (done < start) {
                word = tokenizeStretch(source, done, start, ascii, word, work, tokens);
            }
            int id = addedTokens.raw().ids()[work.raw.which(i)];
            tokens.addFound(id, text.substring(start, end), start, end, word++);
            done = end;
        }
        if (done < source.length) {
            tokenizeStretch(source, done, source.length, ascii, word, work, tokens);
        }
        if (maybeSurrogates) {
            tokens.countCodePoints(source);
        }
        return tokens;
    }

    private static void requireUnicode(char[] text) {
        for (int i = 0; i < text.length; i++) {
            if (!Character.isSurrogate(text[i])) {
                continue;
            }
            if (i + 1 == text.length || !Character.isSurrogatePair(text[i], text[i + 1])) {
                throw new TokenizerException("encode: the text has a lone surrogate, U+"
                        + "%04X".formatted((int) text[i]) + ", at " + i
                        + ", expected Unicode text; it was cut in the middle of a character, or decoded wrongly");
            }
            i++;
        }
    }

    /// Tokenizes a stretch between added tokens; `word` is the number of its first word, the result that of the
    /// next.
    private int tokenizeStretch(
            char[] source, int start, int end, boolean ascii, int word, Workspace work, TokenBuffer tokens) {
        NormalizedText text = work.text;
        text.reset(source, start, end, ascii);
        for (Normalizer normalizer : normalizers) {
            normalizer.apply(text);
        }
        addedTokens.normalized().finder().find(text.chars, 0, text.length, work.normalized);
        int next = word;
        int done = 0;
        for (int i = 0; i < work.normalized.count(); i++) {
            int from = work.normalized.start(i);
            int to = work.normalized.end(i);
            if (done < from) {
                next = tokenizePart(text, done, from, next, work, tokens);
            }
            int id = addedTokens.normalized().ids()[work.normalized.which(i)];
            String found = new String(text.chars, from, to - from);
            tokens.addFound(id, found, text.start(from), text.end(to - 1), next++);
            done = to;
        }
        return done < text.length ? tokenizePart(text, done, text.length, next, work, tokens) : next;
    }

    /// Tokenizes what lies between added tokens: a copy, as pre-tokenizers may rewrite it, if there is more
    /// than that.
    private int tokenizePart(NormalizedText text, int from, int to, int word, Workspace work, TokenBuffer tokens) {
        if (from == 0 && to == text.length) {
            return tokenizeWords(text, 0, to, word, work, tokens);
        }
        work.part.reset(text, from, to);
        return tokenizeWords(work.part, 0, to - from, word, work, tokens);
    }

    private int tokenizeWords(NormalizedText text, int from, int to, int word, Workspace work, TokenBuffer tokens) {
        Words words = work.words;
        words.reset(from, to);
        for (PreTokenizer preTokenizer : preTokenizers) {
            preTokenizer.split(text, words);
        }
        for (int i = 0; i < words.count(); i++) {
            work.segmenter.tokenize(text, words.start(i), words.end(i), word + i, tokens);
        }
        // A SentencePiece model cuts a whole stretch and numbers the words in it itself.
        int last = tokens.size() == 0 ? -1 : tokens.word(tokens.size() - 1);
        return Math.max(word + words.count(), last + 1);
    }

    /// The words of a text, added tokens not looked for.
    List<String> words(String text) {
        char[] source = text.toCharArray();
        requireUnicode(source);
        NormalizedText normalized = new NormalizedText();
        normalized.reset(source, 0, source.length, false);
        for (Normalizer normalizer : normalizers) {
            normalizer.apply(normalized);
        }
        Words words = new Words();
        words.reset(0, normalized.length);
        for (PreTokenizer preTokenizer : preTokenizers) {
            preTokenizer.split(normalized, words);
        }
        return IntStream.range(0, words.count())
                .mapToObj(i -> new String(normalized.chars, words.start(i), words.end(i) - words.start(i)))
                .toList();
    }

    /// The token with this id, added or of the model, or null.
    String token(int id) {
        String added = addedTokens.text(id);
        return added != null ? added : model.vocabulary().token(id);
    }

    /// The id of this token, added or of the model, or -1.
    int id(String token) {
        int added = addedTokens.id(token);
        return added >= 0 ? added : model.vocabulary().id(token);
    }
}
