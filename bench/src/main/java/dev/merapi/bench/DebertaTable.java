package dev.merapi.bench;

import dev.merapi.engine.Device;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Scope;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Philox;
import dev.merapi.engine.kernel.Profile;
import dev.merapi.engine.kernel.ProfilingKernels;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.DebertaV2;
import dev.merapi.nn.model.DebertaV2Config;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Gradients;
import dev.merapi.nn.pretrained.Json;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/// Forward pass and training step of a DeBERTa-v3-base with random weights: median milliseconds, then where
/// they go. Arguments: sequences, tokens of each, threads, runs of each; 16, 128, 2, 5 unless given. The peer
/// is `src/reference/bench_deberta.py`, with the same sizes, dropout, clipping and AdamW.
final class DebertaTable {
    static final String CONFIG = """
        {"model_type": "deberta-v2", "vocab_size": 128100, "hidden_size": 768, "num_hidden_layers": 12,
         "num_attention_heads": 12, "intermediate_size": 3072, "hidden_act": "gelu", "type_vocab_size": 0,
         "max_position_embeddings": 512, "max_relative_positions": -1, "position_buckets": 256,
         "relative_attention": true, "pos_att_type": "p2c|c2p", "share_att_key": true,
         "norm_rel_ebd": "layer_norm", "position_biased_input": false, "layer_norm_eps": 1e-7}\
        """;

    private DebertaTable() {}

    static void main(String[] arguments) {
        int[] sizes = {16, 128, 2, 5};
        for (int i = 0; i < arguments.length; i++) sizes[i] = Integer.parseInt(arguments[i]);
        int sequences = sizes[0], tokens = sizes[1], runs = sizes[3];
        var kernels = new ProfilingKernels(Device.best(sizes[2]).kernels());
        try (Device device = Device.of(kernels)) {
            var parameters = new Parameters(device);
            var config = DebertaV2Config.of(Json.parse("config", CONFIG.getBytes(StandardCharsets.UTF_8)));
            var model = new DebertaV2(parameters.under("deberta"), config);
            int stream = 0;
            for (Parameter p : parameters.all()) initialise(p, stream++);
            Sequences batch = batch(sequences, tokens);
            table("forward", kernels, runs, () -> {
                try (Scope _ = Scope.inference()) {
                    model.forward(batch, Pass.INFERENCE);
                }
            });
            var optimizer = AdamW.of(parameters.all()).weightDecay(0.01);
            int[] labels = new int[sequences], step = {0};
            table("training step", kernels, runs, () -> {
                try (Scope _ = Scope.open()) {
                    var hidden = model.forward(batch, Pass.training(1, step[0]++)); // [N, C]
                    CrossEntropy.of()
                            .of(Gather.rows(hidden, batch.firstTokens()), labels)
                            .backward();
                    optimizer.step(1e-5, Gradients.clipScale(Gradients.norm(parameters.all()), 1));
                }
            });
        }
    }

    private static void initialise(Parameter p, int stream) {
        Floats values = p.tensor().data();
        float mean = p.initial() == Parameter.Initial.ONES ? 1 : 0;
        Philox.normal(values, 1, stream, mean, p.initial() == Parameter.Initial.NORMAL ? 0.02f : 0);
        p.tensor().modified();
    }

    private static Sequences batch(int sequences, int tokens) {
        int[] ids = new Random(1).ints(sequences * tokens, 4, 128_000).toArray();
        int[] starts = new int[sequences + 1];
        for (int s = 0; s <= sequences; s++) starts[s] = s * tokens;
        return new Sequences(ids, new int[ids.length], starts);
    }

    /// Runs until the compiler is done, then `runs` times.
    private static void table(String title, ProfilingKernels kernels, int runs, Runnable task) {
        for (int i = 0; i < Math.max(3, runs); i++) task.run();
        kernels.profile().clear();
        double[] seconds = new double[runs];
        for (int i = 0; i < runs; i++) {
            long start = System.nanoTime();
            task.run();
            seconds[i] = (System.nanoTime() - start) * 1e-9;
        }
        Arrays.sort(seconds);
        System.out.printf("%s: median %.0f ms, fastest %.0f ms%n", title, 1e3 * seconds[runs / 2], 1e3 * seconds[0]);
        for (Profile.Line line : kernels.profile().lines().stream().limit(14).toList())
            System.out.printf(
                    "  %-30s %-18s %4d calls %9.2f ms a run%n",
                    line.method(), line.sizes(), line.calls() / runs, 1e3 * line.seconds() / runs);
    }
}
