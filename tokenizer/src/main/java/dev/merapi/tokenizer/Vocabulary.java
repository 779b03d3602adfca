package dev.merapi.tokenizer;

import java.util.Arrays;

/// The tokens of a model and their ids, both ways. Ids need not be dense.
final class Vocabulary {
    private static final int MAX_ID = 1 << 24;

    private final Trie trie;
    private final Texts texts;
    private final int[] textOf; // by id; -1: no such id
    private final String[] tokens; // by id, those that somebody asked for; any thread may note one
    private final int size;

    /// Tokens whose ids are their places; of equal ones the last counts.
    Vocabulary(Texts texts) {
        this(texts, places(texts.size()));
    }

    /// @param texts of equal ones the last counts
    Vocabulary(Texts texts, int[] ids) {
        this.texts = texts.trim();
        for (int i = 0; i < texts.size(); i++) {
            if (ids[i] < 0 || ids[i] >= MAX_ID) {
                throw new TokenizerException("vocabulary: token \"" + texts.get(i) + "\" has id " + ids[i]
                        + ", expected one from 0 to " + (MAX_ID - 1) + "; the file is damaged");
            }
        }
        trie = new Trie(texts, ids);
        int[] byId = new int[texts.size()];
        Arrays.fill(byId, -1);
        int count = 0;
        for (int i = 0; i < texts.size(); i++) {
            int id = ids[i];
            if (trie.repeated() != Trie.NONE && find(texts, i) != id) {
                continue; // it is there again later
            }
            if (id >= byId.length) {
                int old = byId.length;
                byId = Arrays.copyOf(byId, Math.max(id + 1, Math.min(MAX_ID, 2 * old)));
                Arrays.fill(byId, old, byId.length, -1);
            }
            byId[id] = i;
            count++;
        }
        textOf = byId;
        tokens = new String[textOf.length];
        size = count;
    }

    private static int[] places(int size) {
        int[] places = new int[size];
        for (int i = 0; i < size; i++) {
            places[i] = i;
        }
        return places;
    }

    /// @throws TokenizerException if a token is there twice
    Vocabulary requireDistinct(String file) {
        int repeated = trie.repeated();
        if (repeated != Trie.NONE) {
            throw new TokenizerException(file + ": expected tokens that differ, got \"" + texts.get(repeated)
                    + "\" twice; the file is damaged, take it again from its source");
        }
        return this;
    }

    Trie trie() {
        return trie;
    }

    /// How many tokens there are.
    int size() {
        return size;
    }

    /// The id of `token`, or -1.
    int id(String token) {
        return trie.get(token);
    }

    /// The id of text `i` of `others`, or -1.
    int find(Texts others, int i) {
        int node = trie.find(Trie.ROOT, others.units(), others.start(i), others.end(i));
        return node == Trie.NONE ? -1 : trie.value(node);
    }

    /// The token of `id`, or null.
    String token(int id) {
        if (id < 0 || id >= tokens.length) {
            return null;
        }
        String token = tokens[id];
        if (token == null && textOf[id] >= 0) {
            token = texts.get(textOf[id]);
            tokens[id] = token;
        }
        return token;
    }
}
