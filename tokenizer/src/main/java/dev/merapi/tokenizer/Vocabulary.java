package dev.merapi.tokenizer;

import java.util.Arrays;
import java.util.Map;

/// The tokens of a model and their ids, both ways. Ids need not be dense.
final class Vocabulary {
    private static final int MAX_ID = 1 << 24;

    private final Trie trie;
    private final String[] tokens; // by id; null: no such id
    private final int size;

    Vocabulary(Map<String, Integer> ids) {
        trie = new Trie(ids);
        size = ids.size();
        String[] byId = new String[size];
        for (Map.Entry<String, Integer> entry : ids.entrySet()) {
            String token = entry.getKey();
            int id = entry.getValue();
            if (id < 0 || id >= MAX_ID) {
                throw new TokenizerException("vocabulary: token \"" + token + "\" has id " + id
                        + ", expected one from 0 to " + (MAX_ID - 1) + "; the file is damaged");
            }
            if (id >= byId.length) {
                byId = Arrays.copyOf(byId, Math.max(id + 1, Math.min(MAX_ID, 2 * byId.length)));
            }
            byId[id] = token;
        }
        tokens = byId;
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

    /// The token of `id`, or null.
    String token(int id) {
        return id >= 0 && id < tokens.length ? tokens[id] : null;
    }
}
