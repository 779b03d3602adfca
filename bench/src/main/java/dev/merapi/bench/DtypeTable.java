package dev.merapi.bench;

import dev.merapi.data.Claims;
import dev.merapi.data.Example;
import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SentenceEncoder;
import dev.merapi.tasks.TextEncoder;
import dev.merapi.tokenizer.EncodeOptions;
import dev.merapi.tokenizer.Encoding;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.tokenizer.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What weights of 16 bits change: results on real text, and memory.
///
///     DtypeTable embeddings MODEL CLAIMS     vectors of 1,000 pieces of evidence and of 200 claims that ask
///     for them
///     DtypeTable states MODEL CLAIMS         the last hidden states of 100 pairs of claim and evidence
///     DtypeTable memory MODEL DTYPE          of a process that loads the model and reads one text of 128
///     tokens
///
/// MODEL is a Hugging Face folder, CLAIMS one with `train-claims.json` and `evidence.json`.
final class DtypeTable {
    private static final List<Precision> NARROW = List.of(Precision.BF16, Precision.FP16);
    private static final String BYTES = "INT8"; // rounded to it, computed in float32
    private static final int DOCUMENTS = 1000, QUERIES = 200, PAIRS = 100, TOP = 10;

    private DtypeTable() {}

    static void main(String[] arguments) throws IOException {
        Path model = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "embeddings" -> embeddings(model, Path.of(arguments[2]));
            case "states" -> states(model, Path.of(arguments[2]));
            case "memory" -> memory(model, Precision.valueOf(arguments[2]));
            default -> throw new IllegalArgumentException("expected embeddings, states or memory");
        }
    }

    private static List<Example> claims(Path data) {
        return Claims.read(data.resolve("train-claims.json"), data.resolve("evidence.json"))
                .examples();
    }

    private static void embeddings(Path model, Path data) {
        List<String> documents = claims(data).stream()
                .map(Example::pair)
                .distinct()
                .limit(DOCUMENTS)
                .toList();
        List<String> queries = claims(data).stream()
                .map(Example::text)
                .distinct()
                .limit(QUERIES)
                .toList();
        float[][] expected = embed(model, "FP32", documents), asked = embed(model, "FP32", queries);
        for (String dtype : List.of("BF16", "FP16", BYTES)) {
            float[][] got = embed(model, dtype, documents), query = embed(model, dtype, queries);
            double[] cosines = Stream.concat(
                            IntStream.range(0, got.length).mapToObj(i -> cosine(expected[i], got[i])),
                            IntStream.range(0, query.length).mapToObj(i -> cosine(asked[i], query[i])))
                    .mapToDouble(Double::doubleValue)
                    .toArray();
            double overlap = 0, correlation = 0;
            int first = 0;
            for (int q = 0; q < query.length; q++) {
                double[] before = similarities(asked[q], expected), after = similarities(query[q], got);
                Integer[] a = ranking(before), b = ranking(after);
                List<Integer> best = Arrays.asList(a).subList(0, TOP);
                overlap += Arrays.asList(b).subList(0, TOP).stream()
                                .filter(best::contains)
                                .count()
                        / (double) TOP;
                correlation += spearman(a, b);
                if (a[0].equals(b[0])) first++;
            }
            System.out.printf(
                    "%s %s: cosine to float32 mean %.7f, least %.7f; of %d queries over %d texts the best %d agree in"
                            + " %.2f %%, the first in %.1f %%; Spearman %.7f%n",
                    model.getFileName(),
                    dtype,
                    Arrays.stream(cosines).average().orElseThrow(),
                    Arrays.stream(cosines).min().orElseThrow(),
                    queries.size(),
                    documents.size(),
                    TOP,
                    100 * overlap / query.length,
                    100.0 * first / query.length,
                    correlation / query.length);
        }
    }

    private static float[][] embed(Path model, String dtype, List<String> texts) {
        boolean bytes = dtype.equals(BYTES);
        try (Device device = Device.best()) {
            TextEncoder encoder = TextEncoder.fromPretrained(
                    model,
                    LoadOptions.pretrained().device(device).dtype(bytes ? Precision.FP32 : Precision.valueOf(dtype)));
            if (bytes) encoder.model().parameters().forEach(DtypeTable::roundToBytes);
            return encoder.embed(texts);
        }
    }

    /// `w ← s·round(w/s)`, `s = max|w| / 127` of each output: what 8 bits lose, and no speed.
    private static void roundToBytes(Parameter p) {
        if (p.tensor().shape().rank() != 2 || p.name().contains("embeddings")) return;
        float[] w = p.tensor().data().array;
        int columns = p.tensor().shape().columns();
        for (int row = 0; row < w.length; row += columns) {
            float most = 0;
            for (int i = row; i < row + columns; i++) most = Math.max(most, Math.abs(w[i]));
            float scale = most == 0 ? 1 : most / 127;
            for (int i = row; i < row + columns; i++) w[i] = scale * Math.round(w[i] / scale);
        }
        p.tensor().modified();
    }

    /// The cosine of two vectors, in double.
    private static double cosine(float[] x, float[] y) {
        double xy = 0, xx = 0, yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (double) x[i] * y[i];
            xx += (double) x[i] * x[i];
            yy += (double) y[i] * y[i];
        }
        return xy / Math.sqrt(xx * yy);
    }

    private static double[] similarities(float[] query, float[][] documents) {
        return Arrays.stream(documents).mapToDouble(d -> cosine(query, d)).toArray();
    }

    private static Integer[] ranking(double[] scores) {
        Integer[] order = IntStream.range(0, scores.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> -scores[i]));
        return order;
    }

    /// `1 − 6·Σd² / (n·(n² − 1))`, d the difference of an item's two ranks.
    private static double spearman(Integer[] a, Integer[] b) {
        int n = a.length;
        int[] rank = new int[n];
        for (int i = 0; i < n; i++) rank[a[i]] = i;
        double squares = 0;
        for (int i = 0; i < n; i++) squares += Math.pow(rank[b[i]] - i, 2);
        return 1 - 6 * squares / (n * (n * (double) n - 1));
    }

    private static void states(Path model, Path data) {
        Tokenizer tokenizer = Tokenizer.fromPretrained(model);
        EncodeOptions options = EncodeOptions.maxLength(512).truncation(Truncation.LONGEST_FIRST);
        List<Encoding> pairs = claims(data).stream()
                .limit(PAIRS)
                .map(e -> tokenizer.encode(e.text(), e.pair(), options))
                .toList();
        float[][] expected = states(model, Precision.FP32, pairs);
        for (Precision dtype : NARROW) {
            float[][] got = states(model, dtype, pairs);
            double most = 0, squares = 0, all = 0, least = 1, cosines = 0;
            for (int t = 0; t < got.length; t++) {
                for (int i = 0; i < got[t].length; i++) {
                    double difference = Math.abs(got[t][i] - expected[t][i]);
                    most = Math.max(most, difference);
                    squares += difference * difference;
                    all += (double) expected[t][i] * expected[t][i];
                }
                double cosine = cosine(expected[t], got[t]);
                cosines += cosine;
                least = Math.min(least, cosine);
            }
            System.out.printf(
                    "%s %s: %d hidden states, largest difference %.4f, relative error %.5f; cosine mean %.7f, least"
                            + " %.7f%n",
                    model.getFileName(),
                    dtype,
                    got.length,
                    most,
                    Math.sqrt(squares / all),
                    cosines / got.length,
                    least);
        }
    }

    /// The last hidden states [N][C] of all pairs.
    private static float[][] states(Path folder, Precision dtype, List<Encoding> pairs) {
        try (Device device = Device.best()) {
            SentenceEncoder model = SentenceEncoder.fromPretrained(
                    folder, LoadOptions.pretrained().device(device).dtype(dtype));
            int channels = model.config().hiddenSize();
            return pairs.stream()
                    .flatMap(pair -> {
                        Sequences one = Sequences.of(List.of(pair.ids()), List.of(pair.typeIds()));
                        try (Scope _ = Scope.inference()) {
                            float[] hidden =
                                    model.encoder().forward(one, Pass.INFERENCE).toArray();
                            return IntStream.range(0, one.tokens())
                                    .mapToObj(t -> Arrays.copyOfRange(hidden, t * channels, (t + 1) * channels));
                        }
                    })
                    .toArray(float[][]::new);
        }
    }

    /// What Linux says of this process.
    private static void memory(Path folder, Precision dtype) throws IOException {
        try (Device device = Device.best()) {
            long start = System.nanoTime();
            SentenceEncoder model = SentenceEncoder.fromPretrained(
                    folder, LoadOptions.pretrained().device(device).dtype(dtype));
            double loaded = (System.nanoTime() - start) * 1e-9;
            int[] ids = IntStream.range(1000, 1128).toArray();
            Sequences text = Sequences.of(List.of(ids), List.of(new int[ids.length]));
            for (int i = 0; i < 3; i++)
                try (Scope _ = Scope.inference()) {
                    model.forward(text, Pass.INFERENCE);
                }
            System.gc();
            System.out.printf("%s %s: loaded in %.2f s%n", folder.getFileName(), dtype, loaded);
            try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
                status.filter(line ->
                                line.startsWith("VmRSS") || line.startsWith("VmHWM") || line.startsWith("RssFile"))
                        .forEach(System.out::println);
            }
        }
    }
}
