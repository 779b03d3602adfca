package dev.merapi.nn.optim;

import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.Parameter;
import java.util.ArrayList;
import java.util.List;

/// The average of the weights over training, often better than the weights of any one step.
///
///     exponential (EMA): a ← β·a + (1−β)·p      a = p at first, as PyTorch's `get_ema_multi_avg_fn(β)`
///     stochastic (SWA):  a ← a + (p − a) / (n+1),  Izmailov et al. 2018, arXiv:1803.05407: the plain mean
public final class WeightAverage {
    private final List<Parameter> parameters;
    private final List<Floats> average = new ArrayList<>();
    private final double decay;
    private int updates;

    private WeightAverage(List<Parameter> parameters, double decay) {
        this.parameters = List.copyOf(parameters);
        this.decay = decay;
        for (Parameter p : parameters)
            average.add(p.tensor().device().memory().allocate(p.tensor().shape().count()));
    }

    /// @param decay β in [0, 1): 0.999 remembers about a thousand steps
    public static WeightAverage exponential(List<Parameter> parameters, double decay) {
        if (!(decay >= 0 && decay < 1))
            throw new IllegalArgumentException("weight average: decay must be in [0, 1), got " + decay);
        return new WeightAverage(parameters, decay);
    }

    /// The mean of the weights at each [#update].
    public static WeightAverage stochastic(List<Parameter> parameters) {
        return new WeightAverage(parameters, Double.NaN);
    }

    /// Takes the weights as they are into the average.
    public void update() {
        updates++;
        double keep = updates == 1 ? 0 : Double.isNaN(decay) ? 1 - 1.0 / updates : decay;
        for (int i = 0; i < parameters.size(); i++) {
            Tensor p = parameters.get(i).tensor();
            Floats a = average.get(i);
            p.device().kernels().scale(a.length, (float) keep, a, a, false);
            p.device().kernels().scale(a.length, (float) (1 - keep), p.data(), a, true);
        }
    }

    /// Exchanges the weights and their average: the model then computes with the average, until it is called
    /// again.
    public void swap() {
        if (updates == 0) return;
        for (int i = 0; i < parameters.size(); i++) {
            Tensor p = parameters.get(i).tensor();
            float[] weights = p.toArray();
            Floats a = average.get(i);
            System.arraycopy(a.readable(), a.offset, p.data().writable(), p.data().offset, a.length);
            System.arraycopy(weights, 0, a.writable(), a.offset, a.length);
            p.modified();
        }
    }

    /// How many times weights were taken in.
    public int updates() {
        return updates;
    }

    /// The averages by reference, in the order of the parameters.
    public List<Floats> values() {
        return List.copyOf(average);
    }

    /// Goes on where another average was.
    public void restore(int updates, List<Floats> values) {
        this.updates = updates;
        for (int i = 0; i < values.size(); i++)
            System.arraycopy(values.get(i).toArray(), 0, average.get(i).writable(), 0, average.get(i).length);
    }
}
