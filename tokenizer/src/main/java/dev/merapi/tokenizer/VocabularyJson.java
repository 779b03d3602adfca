package dev.merapi.tokenizer;

import java.util.Arrays;
import java.util.Map;

/// The large members of a model in JSON, read as they stream by: vocabulary and merges.
final class VocabularyJson {
    private static final int MAX_TOKENS = 1 << 24;
    private static final int EXPECTED = 1 << 15;

    private VocabularyJson() {}

    /// Tokens with their ids, `{"token": 7}`.
    record Ids(Texts tokens, int[] ids) {}

    /// Tokens in order of their ids, with scores, `[["▁the", -3.5]]`.
    record Scores(Texts tokens, double[] scores) {}

    /// Reads a file that is a vocabulary, `vocab.json`.
    static Vocabulary readFile(String name, byte[] file) {
        JsonReader reader = new JsonReader(name, file);
        Ids ids = readIds(reader, new JsonObject(name, Map.of()));
        reader.end();
        return new Vocabulary(ids.tokens, ids.ids).requireDistinct(name);
    }

    static Object readVocabulary(JsonReader reader, JsonObject owner, String name) {
        return reader.peek() == '{'
                ? readIds(reader, new JsonObject(owner.where() + "." + name, Map.of()))
                : readScores(reader, owner, name);
    }

    private static Ids readIds(JsonReader reader, JsonObject owner) {
        Texts tokens = new Texts(EXPECTED);
        int[] ids = new int[EXPECTED];
        reader.open('{');
        while (reader.next('}')) {
            int count = tokens.size();
            reader.name(tokens);
            int id = reader.index();
            if (id < 0 || count == MAX_TOKENS) {
                throw owner.wrong(tokens.get(count), "a whole number from 0 to 2^31 − 1", anything(reader));
            }
            if (count == ids.length) {
                ids = Arrays.copyOf(ids, 2 * count);
            }
            ids[count] = id;
        }
        return new Ids(tokens, ids);
    }

    private static Scores readScores(JsonReader reader, JsonObject owner, String name) {
        Texts tokens = new Texts(EXPECTED);
        double[] scores = new double[EXPECTED];
        reader.open('[');
        while (reader.next(']')) {
            int count = tokens.size();
            if (reader.peek() != '[' || count == MAX_TOKENS) {
                throw noScore(reader, owner, name, count);
            }
            reader.open('[');
            if (!reader.next(']') || reader.peek() != '"') {
                throw noScore(reader, owner, name, count);
            }
            reader.string(tokens);
            if (!reader.next(']') || "\"[{tfn".indexOf(reader.peek()) >= 0) {
                throw noScore(reader, owner, name, count);
            }
            if (count == scores.length) {
                scores = Arrays.copyOf(scores, 2 * count);
            }
            scores[count] = reader.number().doubleValue();
            if (reader.next(']')) {
                throw noScore(reader, owner, name, count);
            }
        }
        return new Scores(tokens, Arrays.copyOf(scores, tokens.size()));
    }

    private static TokenizerException noScore(JsonReader reader, JsonObject owner, String name, int count) {
        return owner.wrong(name + "[" + count + "]", "a token and its score", anything(reader));
    }

    /// Reads merges in order, `["a b"]` or `[["a", "b"]]`: two texts each.
    static Texts readMerges(JsonReader reader, JsonObject owner, String name) {
        Texts merges = new Texts(2 * EXPECTED);
        reader.open('[');
        while (reader.next(']')) {
            int count = merges.size() / 2;
            boolean two = false;
            if (reader.peek() == '"') {
                String line = reader.string();
                two = MergesFile.add(line, merges);
            } else if (reader.peek() == '[') {
                reader.open('[');
                for (two = true; two && merges.size() < 2 * count + 2; ) {
                    two = reader.next(']') && reader.peek() == '"';
                    if (two) {
                        reader.string(merges);
                    }
                }
                two = two && !reader.next(']');
            }
            if (!two) {
                throw owner.wrong(name + "[" + count + "]", "two tokens", anything(reader));
            }
        }
        return merges;
    }

    /// What is next, for an error.
    private static Object anything(JsonReader reader) {
        int first = reader.peek();
        return first == '"' ? reader.string() : first == 0 ? "the end of the file" : String.valueOf((char) first);
    }
}
