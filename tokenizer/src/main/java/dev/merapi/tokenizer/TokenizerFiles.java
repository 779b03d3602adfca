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
record TokenizerFiles(Map<String, byte[]> contents) {
    static final String TOKENIZER = "tokenizer.json";
    static final String VOCABULARY = "vocab.txt";

    private static final List<String> NAMES = List.of(
            TOKENIZER,
            VOCABULARY,
            TokenizerConfig.FILE,
            TokenizerConfig.SPECIAL_TOKENS_FILE,
            TokenizerConfig.ADDED_TOKENS_FILE);

    /// Reads those that a folder has.
    static TokenizerFiles read(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new TokenizerException(
                    "fromPretrained: " + folder + " is not a folder; expected the folder of a saved" + " model, with "
                            + TOKENIZER + " or " + VOCABULARY);
        }
        Map<String, byte[]> contents = new LinkedHashMap<>();
        for (String name : NAMES) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                try {
                    contents.put(name, Files.readAllBytes(file));
                } catch (IOException e) {
                    throw new TokenizerException(
                            "fromPretrained: " + file + " cannot be read, " + e + "; check that it is a readable file",
                            e);
                }
            }
        }
        if (!contents.containsKey(TOKENIZER) && !contents.containsKey(VOCABULARY)) {
            throw new TokenizerException("fromPretrained: " + folder + " has neither " + TOKENIZER + " nor "
                    + VOCABULARY + "; a WordPiece tokenizer needs one of them, others are not supported yet");
        }
        return new TokenizerFiles(contents);
    }

    boolean has(String name) {
        return contents.containsKey(name);
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
