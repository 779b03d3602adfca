package dev.merapi.tokenizer;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The files that a tokenizer was made of, kept as they are, so that a saved model gets the very same ones.
///
/// @param modelType `model_type` of the model's config.json, which is not a file of the tokenizer; null where
///     not said
record TokenizerFiles(Map<String, byte[]> contents, String modelType) {
    static final String TOKENIZER = "tokenizer.json";
    static final String VOCABULARY = "vocab.txt";
    static final String BYTE_PAIRS = "vocab.json";

    /// What SentencePiece models are called: DeBERTa's; ALBERT's and T5's; XLM-RoBERTa's.
    static final List<String> SENTENCE_PIECE = List.of("spm.model", "spiece.model", "sentencepiece.bpe.model");

    private static final String MODEL_CONFIG = "config.json";

    private static final List<String> SETTINGS =
            List.of(TokenizerConfig.FILE, TokenizerConfig.SPECIAL_TOKENS_FILE, TokenizerConfig.ADDED_TOKENS_FILE);

    TokenizerFiles(Map<String, byte[]> contents) {
        this(contents, null);
    }

    /// Reads those that a folder has.
    static TokenizerFiles read(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new TokenizerException(
                    "fromPretrained: " + folder + " is not a folder; expected the folder of a saved" + " model, with "
                            + TOKENIZER + " or " + VOCABULARY);
        }
        Map<String, byte[]> contents = new LinkedHashMap<>();
        for (List<String> names :
                List.of(List.of(TOKENIZER, VOCABULARY, BYTE_PAIRS, MergesFile.FILE), SETTINGS, SENTENCE_PIECE)) {
            for (String name : names) {
                Path file = folder.resolve(name);
                if (Files.exists(file)) {
                    contents.put(name, readFile(file));
                }
            }
        }
        TokenizerFiles files = new TokenizerFiles(contents);
        if (!files.has(TOKENIZER) && !files.has(VOCABULARY) && !files.hasSentencePiece() && !files.hasBytePairs()) {
            throw new TokenizerException("fromPretrained: " + folder + " has neither " + TOKENIZER + " nor one of "
                    + SENTENCE_PIECE + " nor " + BYTE_PAIRS + " with " + MergesFile.FILE + " nor " + VOCABULARY
                    + "; a tokenizer needs one of them");
        }
        Path config = folder.resolve(MODEL_CONFIG);
        boolean ask =
                !files.has(TOKENIZER) && (files.hasSentencePiece() || files.hasBytePairs()) && Files.exists(config);
        return ask ? new TokenizerFiles(contents, modelType(readFile(config))) : files;
    }

    private static String modelType(byte[] config) {
        return JsonObject.read(MODEL_CONFIG, config).string("model_type", null);
    }

    private static byte[] readFile(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new TokenizerException(
                    "fromPretrained: " + file + " cannot be read, " + e + "; check that it is a readable file", e);
        }
    }

    boolean has(String name) {
        return contents.containsKey(name);
    }

    boolean hasBytePairs() {
        return has(BYTE_PAIRS) && has(MergesFile.FILE);
    }

    boolean hasSentencePiece() {
        return sentencePiece() != null;
    }

    /// The SentencePiece model's name, or null if there is none.
    String sentencePiece() {
        for (String name : SENTENCE_PIECE) {
            if (has(name)) {
                return name;
            }
        }
        return null;
    }

    byte[] bytes(String name) {
        return contents.get(name);
    }

    /// Writes them into a folder, each whole or not at all.
    void write(Path folder) {
        try {
            Files.createDirectories(folder);
            for (Map.Entry<String, byte[]> file : contents.entrySet()) {
                write(folder, folder.resolve(file.getKey()), file.getValue());
            }
        } catch (IOException e) {
            throw new TokenizerException(
                    "save: cannot write to " + folder + ", " + e + "; choose a folder that can be written and has room",
                    e);
        }
    }

    private static void write(Path folder, Path target, byte[] content) throws IOException {
        Path temporary = folder.resolve(
                "." + target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            Files.write(temporary, content);
            move(temporary, target);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
