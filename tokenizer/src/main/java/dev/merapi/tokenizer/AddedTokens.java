package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The tokens that lie over a model's vocabulary: some mark tokens of it as special, some are new. Those that
/// are looked for as written are cut out of the raw text, the others, normalized, out of the normalized text,
/// both before any word is made.
final class AddedTokens {

    /// Some of the tokens: how to find them, and their ids by what [Finder.Found#which] says.
    record Group(Finder finder, int[] ids) {}

    /// Collects tokens one after the other and gives each its id, by the rules of tokenizers.
    static final class Collector {
        private final Vocabulary vocabulary;
        private final Map<String, AddedToken> specials = new LinkedHashMap<>();
        private final Map<String, AddedToken> others = new LinkedHashMap<>();
        private final TreeMap<Integer, AddedToken> byId = new TreeMap<>();
        private final Map<String, Integer> ids = new HashMap<>();

        Collector(Vocabulary vocabulary) {
            this.vocabulary = vocabulary;
        }

        /// Adds a token, or gives the one with this content new properties. Its id is the one it has in the
        /// vocabulary or among the added tokens, else the next after both.
        int add(AddedToken token) {
            String content = token.content();
            if (token.special()) {
                specials.putIfAbsent(content, token);
            } else if (!specials.containsKey(content)) {
                others.put(content, token);
            }
            Integer known = ids.get(content);
            int id = known != null ? known : idFor(content);
            ids.put(content, id);
            byId.put(id, token);
            return id;
        }

        private int idFor(String content) {
            int known = vocabulary.id(content);
            if (known >= 0) {
                return known;
            }
            int next = Math.max(vocabulary.size(), byId.isEmpty() ? 0 : byId.lastKey() + 1);
            if (vocabulary.token(next) != null) {
                throw new TokenizerException("added tokens: \"" + content + "\" would get id " + next + ", which \""
                        + vocabulary.token(next) + "\" has; the ids of the vocabulary must have no gaps");
            }
            return next;
        }

        boolean contains(String content) {
            return ids.containsKey(content);
        }
    }

    private final TreeMap<Integer, AddedToken> byId;
    private final Map<Integer, String> texts = new HashMap<>();
    private final Map<String, Integer> ids;
    private final Group raw;
    private final Group normalized;

    /// @param splitSpecial leave special tokens in a text to the model
    AddedTokens(Collector collector, List<Normalizer> normalizers, boolean splitSpecial) {
        byId = new TreeMap<>(collector.byId);
        ids = Map.copyOf(collector.ids);
        for (Map.Entry<Integer, AddedToken> entry : byId.entrySet()) {
            AddedToken token = entry.getValue();
            texts.put(entry.getKey(), token.normalized() ? normalize(token, normalizers) : token.content());
        }
        List<AddedToken> all = new ArrayList<>(splitSpecial ? List.of() : collector.specials.values());
        all.addAll(collector.others.values());
        raw = group(all, false, List.of());
        normalized = group(all, true, normalizers);
    }

    private Group group(List<AddedToken> all, boolean ofNormalized, List<Normalizer> normalizers) {
        List<AddedToken> current = new ArrayList<>();
        List<String> patterns = new ArrayList<>();
        int[] groupIds = new int[all.size()];
        for (AddedToken token : all) {
            if (token.normalized() == ofNormalized) {
                int id = ids.get(token.content());
                groupIds[current.size()] = id;
                current.add(byId.get(id));
                patterns.add(normalize(token, normalizers));
            }
        }
        return new Group(new Finder(current, patterns), groupIds);
    }

    private static String normalize(AddedToken token, List<Normalizer> normalizers) {
        char[] content = token.content().toCharArray();
        NormalizedText text = new NormalizedText();
        text.reset(content, 0, content.length, false);
        for (Normalizer normalizer : normalizers) {
            normalizer.apply(text);
        }
        return new String(text.chars, 0, text.length);
    }

    /// What all of them read.
    Set<String> contents() {
        return ids.keySet();
    }

    /// The tokens that are looked for in the text as given.
    Group raw() {
        return raw;
    }

    /// The tokens that are looked for in the normalized text.
    Group normalized() {
        return normalized;
    }

    /// The id of an added token, or -1.
    int id(String content) {
        return ids.getOrDefault(content, -1);
    }

    /// Whether the id is that of a special token.
    boolean isSpecial(int id) {
        AddedToken token = byId.get(id);
        return token != null && token.special();
    }

    /// How the added token with this id reads in a decoded text, which is its normalized form if it is looked
    /// for in that; null if there is none.
    String text(int id) {
        return texts.get(id);
    }

    /// How many of them are not in the vocabulary.
    int newOnes(Vocabulary vocabulary) {
        return (int) ids.keySet().stream()
                .filter(content -> vocabulary.id(content) < 0)
                .count();
    }
}
