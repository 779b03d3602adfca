package dev.merapi.bench;

import dev.merapi.tokenizer.Tokenizer;
import java.nio.file.Path;

/// How long a fresh process takes to load a tokenizer and to encode its first text, in milliseconds. Argument:
/// a tokenizer's folder. Run it several times and take the median.
final class TokenizerStart {
    private TokenizerStart() {}

    static void main(String[] arguments) {
        long start = System.nanoTime();
        Tokenizer tokenizer = Tokenizer.fromPretrained(Path.of(arguments[0]));
        long loaded = System.nanoTime();
        int length = tokenizer.encode("A sentence to be encoded, naïve.").length();
        long encoded = System.nanoTime();
        System.out.printf(
                "%.0f ms, then %.0f ms for %d tokens%n", (loaded - start) / 1e6, (encoded - loaded) / 1e6, length);
    }
}
