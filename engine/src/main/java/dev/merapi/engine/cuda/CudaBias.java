package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.RelativeBias;

/// The launches around attention with a bias by relative position: what its kernels read, and what they leave
/// (`attention_operands.cu`).
final class CudaBias {
    private static final int TILE = 64; // the largest

    private CudaBias() {}

    /// The arguments `bias, half` of the kernels: the bias of each head by relative position r, at r + half, on
    /// both sides as many as whole tiles may see.
    ///
    ///     [H, 2·half]
    record ByPosition(long address, int half) {}

    static ByPosition byPosition(Call call, AttentionSizes sizes, RelativeBias bias) {
        int half = half(sizes.longest());
        long count = 2L * sizes.heads() * half, to = call.scratch(Float.BYTES * count);
        int[] buckets = bias.buckets();
        call.run(
                CudaAttention.OPERANDS,
                "attention_bias",
                Driver.Grid.strides(count),
                sizes.heads(),
                bias.reach(),
                half,
                call.ints(buckets, buckets.length),
                call.in(bias.bias()),
                to);
        return new ByPosition(to, half);
    }

    static int half(int longest) {
        return (longest + TILE - 1) / TILE * TILE;
    }

    /// Memory for what the tiles of queries leave of the bias's gradient.
    ///
    ///     [tiles, H, span]
    static long parts(Call call, AttentionSizes sizes) {
        return call.scratch((long) Float.BYTES * sizes.count() * sizes.heads() * sizes.span());
    }

    /// Adds them up.
    static void backward(Call call, AttentionSizes sizes, RelativeBias bias, long parts, Floats dbias) {
        int heads = sizes.heads(), buckets = dbias.length / heads;
        var by = RowPositions.of(bias, buckets, sizes.longest());
        call.run(
                CudaAttention.OPERANDS,
                "attention_bias_backward",
                Driver.Grid.of(buckets, heads),
                heads,
                sizes.count(),
                call.ints(sizes.tiles(), sizes.tiles().length),
                sizes.tile(),
                sizes.span(),
                call.ints(by.groups(), by.groups().length),
                call.ints(by.relative(), by.relative().length),
                parts,
                call.out(dbias));
    }
}
