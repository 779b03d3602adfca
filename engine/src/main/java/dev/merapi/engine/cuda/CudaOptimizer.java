package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Kernels.AdamUpdate;
import dev.merapi.engine.kernel.LossScale;
import java.util.List;

/// The launches that go over all parameters at once: each operand is cut into chunks, each chunk is a block,
/// and a table on the device says whose chunk it is. Operands stay where they are, so the table of the
/// addresses travels in the first step only.
final class CudaOptimizer {
    private static final int CHUNK = 4096; // values that one block updates
    private static final int ADDRESSES = 6; // words of an Update in optimizer.cu
    private static final int SCALARS = 8; // floats of a Step there

    private CudaOptimizer() {}

    /// The sum of each operand comes back on its own and is added here, in their order: the bits do not depend
    /// on how many go together.
    static double sumOfSquares(Call call, List<Floats> operands, int chunk) {
        if (operands.isEmpty()) return 0;
        double sum = 0;
        for (double x : call.doubles(sums(call, operands, chunk), operands.size())) sum += x;
        return sum;
    }

    static void clipScale(Call call, List<Floats> gradients, int chunk, double most, Floats out) {
        int count = gradients.size();
        long sums = count == 0 ? 0 : sums(call, gradients, chunk);
        call.run("reduce", "clip_scale", Driver.Grid.of(1), count, sums, most, call.out(out));
    }

    static void clipScale(Call call, List<Floats> gradients, int chunk, double most, LossScale scale, Floats out) {
        int count = gradients.size();
        long sums = count == 0 ? 0 : sums(call, gradients, chunk), state = call.out(scale.values(), true);
        double growth = scale.growth(), backoff = scale.backoff();
        var grid = Driver.Grid.of(1);
        long to = call.out(out);
        call.run("reduce", "clip_unscaled", grid, count, sums, most, growth, backoff, scale.interval(), state, to);
    }

    /// The address of the sum of squares of each operand.
    private static long sums(Call call, List<Floats> operands, int chunk) {
        int count = operands.size();
        long[] table = new long[3 * count];
        long chunks = 0;
        for (int i = 0; i < count; i++) {
            Floats x = operands.get(i);
            table[3 * i] = call.in(x);
            table[3 * i + 1] = x.length;
            table[3 * i + 2] = chunks;
            chunks += Driver.Grid.ceiling(x.length, chunk);
        }
        long where = call.words(table), parts = call.scratch(8 * chunks), sums = call.scratch(8L * count);
        var grid = Driver.Grid.of(Math.toIntExact(Math.max(1, chunks)));
        call.run("reduce", "sum_of_squares", grid, count, chunk, where, parts);
        call.run("reduce", "sum_doubles", Driver.Grid.of(count), chunk, where, parts, sums);
        return sums;
    }

    /// @param clip null: none
    static void adamW(Call call, List<AdamUpdate> updates, Floats clip) {
        int count = updates.size();
        if (count == 0) return;
        long[] table = new long[ADDRESSES * count];
        float[] scalars = new float[SCALARS * count];
        long chunks = 0;
        for (int i = 0; i < count; i++) {
            AdamUpdate u = updates.get(i);
            long[] words = {
                call.out(u.p(), true),
                call.in(u.g()),
                call.out(u.m(), true),
                call.out(u.v(), true),
                u.p().length,
                chunks
            };
            System.arraycopy(words, 0, table, ADDRESSES * i, ADDRESSES);
            System.arraycopy(scalars(u.step()), 0, scalars, SCALARS * i, SCALARS);
            chunks += Driver.Grid.ceiling(u.p().length, CHUNK);
        }
        var grid = Driver.Grid.of(Math.toIntExact(Math.max(1, chunks)));
        long where = call.words(table), steps = call.floats(scalars);
        long factor = clip == null ? 0 : call.in(clip) + Float.BYTES;
        call.run("optimizer", "adamw", grid, count, CHUNK, where, steps, factor);
    }

    /// In double as far as the scalar twin computes them so.
    private static float[] scalars(AdamStep step) {
        return new float[] {
            step.gradScale(),
            (float) (1 - step.beta1()),
            (float) step.beta2(),
            (float) (1 - step.beta2()),
            step.decay(),
            (float) (step.lr() / step.bias1()),
            (float) Math.sqrt(step.bias2()),
            (float) step.eps()
        };
    }
}
