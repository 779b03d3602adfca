package dev.merapi.bench;

import dev.merapi.engine.Device;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Matmul;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.cuda.CudaException;
import dev.merapi.engine.cuda.CudaKernels;
import dev.merapi.engine.kernel.Philox;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.Bert;
import dev.merapi.nn.model.DebertaV2;
import dev.merapi.nn.model.DebertaV2Config;
import dev.merapi.nn.model.Encoder;
import dev.merapi.nn.model.EncoderConfig;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Clip;
import dev.merapi.nn.pretrained.Json;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/// A GPU's matrix products, and forward passes and training steps of BERT-base and DeBERTa-v3-base with random
/// weights, 32 × 128 tokens and 32 real lengths: a line each, `name ⇥ precision ⇥ milliseconds` and for models
/// `⇥ launches`, kernels that were asked for, how many of them alone and in how many graphs. It is started by
/// `src/reference/bench_cuda.py`, which puts PyTorch on the same GPU beside it.
///
/// Arguments: runs of each, of which the median counts; then all lengths of the real batches, 32 a batch.
final class GpuTable {
    private static final int SEQUENCES = 32, LENGTH = 128, CLASSES = 3;
    private static final int[][] PRODUCTS = {{4096, 4096, 4096}, {8192, 768, 768}, {8192, 3072, 768}, {8192, 768, 3072}
    }; // rows, outputs, inputs
    private static final String BERT = """
        {"model_type": "bert", "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12,
         "num_attention_heads": 12, "intermediate_size": 3072, "hidden_act": "gelu", "type_vocab_size": 2,
         "max_position_embeddings": 512}\
        """;

    private final CudaKernels kernels = CudaKernels.open();
    private final Device device = Device.of(kernels);
    private final int runs;

    private GpuTable(int runs) {
        this.runs = runs;
    }

    static void main(String[] arguments) {
        int[] numbers = Arrays.stream(arguments).mapToInt(Integer::parseInt).toArray();
        if (numbers.length < 1 + SEQUENCES || (numbers.length - 1) % SEQUENCES != 0)
            throw new IllegalArgumentException("GpuTable: expected the runs and " + SEQUENCES + " lengths a batch, got "
                    + numbers.length + " numbers");
        GpuTable table;
        try {
            table = new GpuTable(numbers[0]);
        } catch (CudaException e) {
            System.err.println(e.getMessage().replaceFirst("( or|;) use --device cpu$", ""));
            System.exit(3);
            return;
        }
        int[] fixed = new int[SEQUENCES];
        Arrays.fill(fixed, LENGTH);
        int[] real = Arrays.copyOfRange(numbers, 1, numbers.length);
        System.out.println("device\t" + table.kernels.name());
        for (Precision precision : List.of(Precision.FP32, Precision.TF32, Precision.BF16)) table.products(precision);
        for (String model : List.of("bert-base", "deberta-v3-base"))
            for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
                table.model(model, precision, "32x128", fixed);
                table.model(model, precision, "real", real);
            }
        table.device.close();
    }

    /// The forward product of a linear layer, operands that stay as they are.
    private void products(Precision precision) {
        for (int[] size : PRODUCTS) {
            int m = size[0], n = size[1], k = size[2];
            Tensor x = random(m, k), w = random(n, k);
            double seconds = measure(20, () -> {
                try (Scope _ = Scope.open(precision, false)) {
                    for (int i = 0; i < 10; i++) Matmul.linear(x, w, null);
                }
            });
            print("product " + m + "x" + n + "x" + k, precision, seconds / 10, "");
        }
    }

    private Tensor random(int rows, int cols) {
        Tensor x = Tensor.variable(device, Shape.of(rows, cols), new float[rows * cols]);
        Philox.normal(x.data(), 1, rows, 0, 1);
        return x;
    }

    private void model(String name, Precision precision, String lengths, int[] all) {
        Parameters parameters = new Parameters(device);
        Encoder model = encoder(name, parameters);
        int stream = 0;
        for (Parameter p : parameters.all()) {
            float mean = p.initial() == Parameter.Initial.ONES ? 1 : 0;
            Philox.normal(p.tensor().data(), 1, stream++, mean, p.initial() == Parameter.Initial.NORMAL ? 0.02f : 0);
            p.tensor().modified();
        }
        Sequences[] batches = new Sequences[all.length / SEQUENCES];
        for (int b = 0; b < batches.length; b++)
            batches[b] = batch(Arrays.copyOfRange(all, SEQUENCES * b, SEQUENCES * (b + 1)));
        int[] step = {0};
        timed(name + " forward " + lengths, precision, batches.length, () -> {
            try (Scope _ = Scope.inference(precision)) {
                model.forward(batches[step[0]++ % batches.length], Pass.INFERENCE);
            }
        });
        AdamW optimizer = AdamW.of(parameters.all()).weightDecay(0.01);
        int[] labels = new int[SEQUENCES];
        for (int b = 0; b < SEQUENCES; b++) labels[b] = b % CLASSES;
        timed(name + " training " + lengths, precision, batches.length, () -> {
            Sequences batch = batches[step[0] % batches.length];
            try (Scope _ = Scope.open(precision, false)) {
                Tensor hidden = model.forward(batch, Pass.training(1, step[0]++)); // [N, C]
                CrossEntropy.of()
                        .of(Gather.rows(hidden, batch.firstTokens()), labels)
                        .backward();
            }
            try (Clip clip = new Clip(parameters.all(), 1)) {
                optimizer.step(1e-5, clip);
            }
        });
    }

    private static Encoder encoder(String name, Parameters parameters) {
        if (name.equals("bert-base")) return new Bert(parameters, EncoderConfig.of(json(BERT)));
        return new DebertaV2(parameters, DebertaV2Config.of(json(DebertaTable.CONFIG)));
    }

    private static Json.Obj json(String config) {
        return Json.parse("config", config.getBytes(StandardCharsets.UTF_8));
    }

    private static Sequences batch(int[] lengths) {
        int[] starts = new int[lengths.length + 1];
        for (int b = 0; b < lengths.length; b++) starts[b + 1] = starts[b] + lengths[b];
        int[] ids =
                new SplittableRandom(1).ints(starts[lengths.length], 4, 30_000).toArray();
        return new Sequences(ids, new int[ids.length], starts);
    }

    /// @param batches that take turns; all of them are timed together
    private void timed(String name, Precision precision, int batches, Runnable pass) {
        double seconds = measure(4, () -> {
            for (int b = 0; b < batches; b++) pass.run();
        });
        CudaKernels.Launches before = kernels.launches();
        for (int b = 0; b < batches; b++) pass.run();
        kernels.finish();
        CudaKernels.Launches after = kernels.launches();
        print(
                name,
                precision,
                seconds / batches,
                "\t%.0f, %.0f alone, %.1f graphs"
                        .formatted(
                                (after.asked() - before.asked()) / (double) batches,
                                (after.alone() - before.alone()) / (double) batches,
                                (after.graphs() - before.graphs()) / (double) batches));
    }

    /// The median, each run to its end on the device.
    private double measure(int warmUp, Runnable work) {
        for (int i = 0; i < warmUp; i++) work.run();
        kernels.finish();
        double[] seconds = new double[runs];
        for (int i = 0; i < runs; i++) {
            long start = System.nanoTime();
            work.run();
            kernels.finish();
            seconds[i] = (System.nanoTime() - start) * 1e-9;
        }
        Arrays.sort(seconds);
        return seconds[runs / 2];
    }

    private static void print(String name, Precision precision, double seconds, String more) {
        System.out.println(
                "%s\t%s\t%.4f%s".formatted(name, precision.name().toLowerCase(Locale.ROOT), 1e3 * seconds, more));
    }
}
