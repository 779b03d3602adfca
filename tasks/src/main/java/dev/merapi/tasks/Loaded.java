package dev.merapi.tasks;

import dev.merapi.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/// A model and its tokenizer, read from a folder at the same time: each takes one thread about as long.
record Loaded<M>(M model, Tokenizer tokenizer) {

    /// @param model loads it; its error comes before the tokenizer's
    static <M> Loaded<M> from(Path folder, Supplier<M> model) {
        var tokenizer = new FutureTask<>(() -> Tokenizer.fromPretrained(folder));
        Thread.ofPlatform().daemon().name("merapi-tokenizer").start(tokenizer);
        return new Loaded<>(model.get(), result(tokenizer, folder));
    }

    private static Tokenizer result(FutureTask<Tokenizer> tokenizer, Path folder) {
        try {
            return tokenizer.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) throw cause;
            if (e.getCause() instanceof Error cause) throw cause;
            throw new IllegalStateException(folder + ": the tokenizer cannot be loaded", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(folder + ": loading the tokenizer was interrupted", e);
        }
    }
}
