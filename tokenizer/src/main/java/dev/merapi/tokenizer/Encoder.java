package dev.merapi.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Encodes texts one by one and in batches. Room to work in is used again from text to text.
final class Encoder {
    private static final int CHUNK = 1 << 14; // UTF-16 units that one thread takes at a time

    private static final int LONG = 1 << 16; // units of a text

    private final Pipeline pipeline;
    private final Side truncationSide;
    private final AtomicReference<Pipeline.Workspace> spare = new AtomicReference<>(); // whoever comes first takes it

    /// @param truncationSide the side that is cut where the options name none
    Encoder(Pipeline pipeline, Side truncationSide) {
        this.pipeline = pipeline;
        this.truncationSide = truncationSide;
    }

    /// Encodes a text, or a pair of texts if `pair` is not null.
    Encoding encode(String text, String pair, EncodeOptions options) {
        Pipeline.Workspace work = spare.getAndSet(null);
        if (work == null) {
            work = pipeline.workspace();
        }
        Encoding encoding = encode(text, pair, options, work);
        if (text.length() + (pair == null ? 0 : pair.length()) <= LONG) { // else it has grown too large to be kept
            spare.set(work);
        }
        return encoding;
    }

    private Encoding encode(String text, String pair, EncodeOptions options, Pipeline.Workspace work) {
        TokenBuffer first = pipeline.tokenize(Objects.requireNonNull(text, "text"), false, work);
        TokenBuffer second = pair == null ? null : pipeline.tokenize(pair, true, work);
        return new Assembly(pipeline, first, second).encode(options, truncationSide);
    }

    /// Encodes the i-th text with the i-th of `pairs`, if that is not null, on all threads of the pool that it
    /// is called in, else of the common one. Threads take the texts chunk by chunk, so that none waits long for
    /// another at the end.
    List<Encoding> encodeBatch(List<String> texts, List<String> pairs, EncodeOptions options) {
        int[] bounds = chunks(texts, pairs);
        Encoding[] encodings = new Encoding[texts.size()];
        AtomicInteger next = new AtomicInteger();
        int threads = ForkJoinTask.getPool() == null
                ? ForkJoinPool.getCommonPoolParallelism() + 1
                : ForkJoinTask.getPool().getParallelism();
        IntStream.range(0, Math.min(threads, bounds.length - 1)).parallel().forEach(thread -> {
            Pipeline.Workspace work = pipeline.workspace();
            for (int chunk = next.getAndIncrement(); chunk < bounds.length - 1; chunk = next.getAndIncrement()) {
                for (int i = bounds[chunk]; i < bounds[chunk + 1]; i++) {
                    encodings[i] = encode(texts.get(i), pairs == null ? null : pairs.get(i), options, work);
                }
            }
        });
        return List.of(encodings);
    }

    /// Where each chunk of texts starts, and where the last one ends.
    private static int[] chunks(List<String> texts, List<String> pairs) {
        int[] bounds = new int[texts.size() + 1];
        int count = 0;
        long length = 0;
        for (int i = 0; i < texts.size(); i++) {
            length += texts.get(i).length() + (pairs == null ? 0 : pairs.get(i).length());
            if (length >= CHUNK || i == texts.size() - 1) {
                bounds[++count] = i + 1;
                length = 0;
            }
        }
        return Arrays.copyOf(bounds, count + 1);
    }

    /// A function for one thread, which encodes one text after the other.
    Function<String, Encoding> worker(EncodeOptions options) {
        Pipeline.Workspace work = pipeline.workspace();
        return text -> encode(text, null, options, work);
    }
}
