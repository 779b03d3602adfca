package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The tokens that lie over a model's vocabulary: some mark tokens of it as special, some are new. Those that are
/// looked for as written are cut out of the raw text, the others, normalized, out of the normalized text, both before
/// any word is made.
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

        /// Adds a token, or gives the one with this content new properties. Its id is the one it has in the vocabulary
        /// or among the added tokens, else the next after both.
        int add(AddedToken token) {
            String content = token.content();
            if (token.special()) {
                specials.putIfAbsent(content, token);
            } else if (!specials.containsKey(content)) {
                others.put(content, token);
            }
            int id = ids.computeIfAbsent(content, this::idFor);
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
    private final Map<String, Integer> ids;
    private final Group raw;
    private final Group normalized;

    /// @param splitSpecial leave special tokens in a text to the model
    AddedTokens(Collector collector, List<Normalizer> normalizers, boolean splitSpecial) {
        byId = new TreeMap<>(collector.byId);
        ids = Map.copyOf(collector.ids);
        List<AddedToken> all = new ArrayList<>(splitSpecial ? List.of() : collector.specials.values());
        all.addAll(collector.others.values());
        raw = group(all.stream().filter(token -> !token.normalized()).toList(), List.of());
        normalized = group(all.stream().filter(AddedToken::normalized).toList(), normalizers);
    }

    private Group group(List<AddedToken> tokens, List<Normalizer> normalizers) {
        int[] groupIds =
                tokens.stream().mapToInt(token -> ids.get(token.content())).toArray();
        List<AddedToken> current = tokens.stream()
                .map(token -> byId.get(ids.get(token.content())))
                .toList();
        List<String> patterns = new ArrayList<>();
        NormalizedText text = new NormalizedText();
        for (AddedToken token : tokens) {
            char[] content = token.content().toCharArray();
            text.reset(content, 0, content.length, false);
            normalizers.forEach(normalizer -> normalizer.apply(text));
            patterns.add(new String(text.chars, 0, text.length));
        }
        return new Group(new Finder(current, patterns), groupIds);
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

    /// The added token with this id, or null.
    AddedToken token(int id) {
        return byId.get(id);
    }

    /// How many of them are not in the vocabulary.
    int newOnes(Vocabulary vocabulary) {
        return (int) ids.keySet().stream().filter(content -> vocabulary.id(content) < 0).count();
    }
}
