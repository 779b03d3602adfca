package dev.merapi.bench.compare;

import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Gradients;
import java.nio.file.Path;

/// Merapi's side of a training step: forward with dropout, cross-entropy over three classes, backward, clipping
/// to norm 1, AdamW. Arguments: model folder, workload, threads.
final class OurTraining implements Side {
    private final Device device;
    private final SequenceClassifier model;
    private final AdamW optimizer;
    private final Workload workload;
    private int steps;
    private float loss;

    private OurTraining(Path folder, Workload workload, int threads) {
        this.device = Device.best(threads);
        device.warmUp(); // as `merapi train` does
        this.model = SequenceClassifier.fromPretrained(
                folder, LoadOptions.labels("a", "b", "c").device(device));
        this.optimizer = AdamW.of(model.parameters()).weightDecay(0.01);
        this.workload = workload;
    }

    static void main(String[] arguments) throws Exception {
        Side.serve(new OurTraining(
                Path.of(arguments[0]), Workload.read(Path.of(arguments[1])), Integer.parseInt(arguments[2])));
    }

    @Override
    public String version() {
        return "Merapi on " + device.kernels().name();
    }

    @Override
    public void pass() {
        for (Workload.Batch batch : workload.batches()) {
            Sequences sequences = batch.packed();
            int[] labels = new int[sequences.count()];
            for (int b = 0; b < labels.length; b++) labels[b] = b % 3;
            try (Scope _ = Scope.open()) {
                Tensor mean = CrossEntropy.of().of(model.forward(sequences, Pass.training(1, steps++)), labels);
                mean.backward();
                loss = mean.item();
            }
            optimizer.step(1e-5, Gradients.clipScale(Gradients.norm(model.parameters()), 1.0));
        }
    }

    /// The last loss: the sides have heads and dropout of their own, so that they agree roughly at best.
    @Override
    public float[] values() {
        return new float[] {loss};
    }
}
