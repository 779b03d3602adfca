package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What an `spm.model` holds: SentencePiece's `ModelProto` (github.com/google/sentencepiece,
/// src/sentencepiece_model.proto), without what only training needs.
///
/// @param pieces by id
/// @param byteFallback whether a character that no piece spells becomes the pieces of its UTF-8 bytes
/// @param spaceIsSuffix whether words end with the space's symbol instead of starting with it
/// @param unknownSurface what an unknown piece reads when it is decoded
/// @param names what the pieces of the special parts are called
/// @param denormalizer rules for decoded text, null for none
record SentencePieceFile(
        Pieces pieces,
        Algorithm algorithm,
        boolean byteFallback,
        boolean spaceIsSuffix,
        String unknownSurface,
        Map<SpecialToken, String> names,
        Rules normalizer,
        Rules denormalizer) {

    /// The pieces, by id.
    static final class Pieces {
        private static final Type[] TYPES = Type.values();

        private final Texts texts;
        private float[] scores;
        private byte[] types;

        /// @param expected how many there will be
        Pieces(int expected) {
            texts = new Texts(expected);
            scores = new float[expected];
            types = new byte[expected];
        }

        int size() {
            return texts.size();
        }

        Texts texts() {
            return texts;
        }

        /// Logarithm of its probability (unigram), or minus its rank among the merges (BPE).
        float score(int id) {
            return scores[id];
        }

        Type type(int id) {
            return TYPES[types[id]];
        }

        void add(String text, float score, Type type) {
            texts.add(text);
            describe(score, type);
        }

        /// Adds piece `id` of `other`.
        void add(Pieces other, int id) {
            texts.add(other.texts, id);
            describe(other.scores[id], other.type(id));
        }

        /// Says what the piece is whose text was added last.
        private void describe(float score, Type type) {
            int id = texts.size() - 1;
            if (id == scores.length) {
                scores = Arrays.copyOf(scores, 2 * id);
                types = Arrays.copyOf(types, 2 * id);
            }
            scores[id] = score;
            types[id] = (byte) type.ordinal();
        }

        /// The texts of the pieces of a type.
        List<String> of(Type type) {
            List<String> found = new ArrayList<>();
            for (int id = 0; id < size(); id++) {
                if (types[id] == type.ordinal()) {
                    found.add(texts.get(id));
                }
            }
            return found;
        }
    }

    /// What a piece is for; in the order of the format's numbers, from 1.
    enum Type {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE;

        /// Whether it may be found in a text.
        boolean isText() {
            return this == NORMAL || this == USER_DEFINED || this == UNUSED;
        }
    }

    /// How a text is cut; in the order of the format's numbers, from 1.
    enum Algorithm {
        UNIGRAM,
        BPE,
        WORD,
        CHAR
    }

    /// How a text is rewritten first.
    ///
    /// @param charsmap rewriting rules, null for none
    /// @param dummyPrefix whether a space is put before the text
    /// @param removeExtraSpaces whether spaces at both ends go, and several in a row become one
    /// @param escapeSpaces whether a space becomes `▁`
    record Rules(Charsmap charsmap, boolean dummyPrefix, boolean removeExtraSpaces, boolean escapeSpaces) {}

    private static final int MAX_PIECE = 8000; // in UTF-16 units; SentencePiece takes less than 8000 bytes

    /// Reads a file.
    ///
    /// @param name of the file, for errors
    /// @throws TokenizerException if it is damaged, or a model that SentencePiece would not load
    static SentencePieceFile read(String name, byte[] file) {
        if (file.length == 0) {
            throw new TokenizerException(
                    name + ": expected a SentencePiece model, got an empty file; take it again" + " from its source");
        }
        Pieces pieces = new Pieces(Math.max(16, file.length >> 5));
        Training training = new Training();
        Spec normalizer = new Spec();
        Spec denormalizer = new Spec();
        ProtobufReader reader = new ProtobufReader(name, file);
        ProtobufReader piece = new ProtobufReader(name + " piece", file);
        while (reader.next()) {
            switch (reader.field()) {
                case 1 -> readPiece(name, pieces, reader.into(piece));
                case 2 -> training.read(name, reader.message("trainer_spec"));
                case 3 -> normalizer.read(reader.message("normalizer_spec"));
                case 5 -> denormalizer.read(reader.message("denormalizer_spec"));
                default -> {} // self_test_data, extensions
            }
        }
        requireSound(name, pieces, training.byteFallback);
        return new SentencePieceFile(
                pieces,
                training.algorithm,
                training.byteFallback,
                training.spaceIsSuffix,
                training.unknownSurface,
                Map.copyOf(training.names),
                normalizer.rules(),
                denormalizer.charsmap.length == 0 ? null : denormalizer.rules());
    }

    private static void readPiece(String file, Pieces pieces, ProtobufReader reader) {
        int id = pieces.size();
        float score = 0;
        Type type = Type.NORMAL;
        Texts texts = pieces.texts;
        while (reader.next()) {
            switch (reader.field()) {
                case 1 -> reader.open(texts);
                case 2 -> score = reader.float32();
                case 3 -> type = oneOf(Pieces.TYPES, reader.integer(), file + " piece " + id + ": type");
                default -> {}
            }
        }
        int length = texts.open();
        texts.end();
        boolean nul = false;
        for (int i = texts.start(id); i < texts.end(id); i++) {
            nul |= texts.units()[i] == 0;
        }
        if (length == 0 || nul || length >= MAX_PIECE || !Float.isFinite(score)) {
            throw new TokenizerException(file + ": piece " + id + " must be text of 1 to " + (MAX_PIECE - 1)
                    + " characters without NUL with a finite score, got " + length + " characters"
                    + (nul ? " with NUL" : "") + " and score " + score
                    + "; the file is damaged, take it again from its source");
        }
        pieces.describe(score, type);
    }

    /// What SentencePiece asks of a model beside pieces that differ, which the vocabulary finds out: one
    /// unknown piece, and with byte fallback all 256 bytes.
    private static void requireSound(String name, Pieces pieces, boolean byteFallback) {
        int unknowns = 0;
        int bytes = 0;
        for (int id = 0; id < pieces.size(); id++) {
            Type type = pieces.type(id);
            unknowns += type == Type.UNKNOWN ? 1 : 0;
            if (type == Type.BYTE) {
                String text = pieces.texts.get(id);
                if (BytePiece.byteOf(text) < 0) {
                    throw unsound(name, "byte pieces <0x00> to <0xFF>", "\"" + text + "\"");
                }
                bytes++;
            }
        }
        if (unknowns != 1) {
            throw unsound(name, "one unknown piece", unknowns + " among " + pieces.size() + " pieces");
        }
        if (bytes != (byteFallback ? 256 : 0)) {
            throw unsound(name, byteFallback ? "256 byte pieces" : "no byte piece without byte_fallback", "" + bytes);
        }
    }

    private static TokenizerException unsound(String name, String expected, String got) {
        return new TokenizerException(name + ": expected " + expected + ", got " + got
                + "; the file is damaged, take it again from its source");
    }

    private static <E extends Enum<E>> E oneOf(E[] values, int number, String what) {
        if (number < 1 || number > values.length) {
            throw new TokenizerException(what + " must be 1 to " + values.length + " for " + Arrays.toString(values)
                    + ", got " + number + "; the file is damaged or of a newer kind");
        }
        return values[number - 1];
    }

    /// The parts of `TrainerSpec` that matter when the model is used, with its defaults.
    private static final class Training {
        private Algorithm algorithm = Algorithm.UNIGRAM;
        private boolean byteFallback;
        private boolean spaceIsSuffix;
        private String unknownSurface = " \u2047 ";
        private final Map<SpecialToken, String> names = new HashMap<>(Map.of(
                SpecialToken.UNK,
                "<unk>",
                SpecialToken.BOS,
                "<s>",
                SpecialToken.EOS,
                "</s>",
                SpecialToken.PAD,
                "<pad>"));

        private void read(String file, ProtobufReader reader) {
            while (reader.next()) {
                switch (reader.field()) {
                    case 3 -> algorithm = oneOf(Algorithm.values(), reader.integer(), file + ": model_type");
                    case 24 -> spaceIsSuffix = reader.bool();
                    case 35 -> byteFallback = reader.bool();
                    case 44 -> unknownSurface = reader.string();
                    case 45 -> names.put(SpecialToken.UNK, reader.string());
                    case 46 -> names.put(SpecialToken.BOS, reader.string());
                    case 47 -> names.put(SpecialToken.EOS, reader.string());
                    case 48 -> names.put(SpecialToken.PAD, reader.string());
                    default -> {}
                }
            }
        }
    }

    /// `NormalizerSpec` with its defaults.
    private static final class Spec {
        private byte[] charsmap = new byte[0];
        private boolean dummyPrefix = true;
        private boolean removeExtraSpaces = true;
        private boolean escapeSpaces = true;

        private void read(ProtobufReader reader) {
            while (reader.next()) {
                switch (reader.field()) {
                    case 2 -> charsmap = reader.bytes();
                    case 3 -> dummyPrefix = reader.bool();
                    case 4 -> removeExtraSpaces = reader.bool();
                    case 5 -> escapeSpaces = reader.bool();
                    default -> {}
                }
            }
        }

        private Rules rules() {
            Charsmap map = charsmap.length == 0 ? null : new Charsmap(charsmap);
            return new Rules(map, dummyPrefix, removeExtraSpaces, escapeSpaces);
        }
    }
}
